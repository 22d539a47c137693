"""The units that are written, read by systemd itself where it is there; what systemd is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import time
from pathlib import Path

import pytest

from localai import paths
from localai.errors import ScheduleError
from localai.schedule import timers
from localai.schedule.command import Command
from localai.schedule.nights import Nights
from localai.schedule.programs import Ran
from localai.schedule.systemd import Systemd, quoted
from tests.schedule.programs import System

NIGHTS = Nights(time(2), time(6, 30))
COMMAND = Command(("/bin/echo", "-m", "localai", "tune", "--until", "06:30"), {})
AWKWARD = Command(
    ("/bin/echo", "-m", 'a "model" of 100 %', "$HOME\\x", "--until", "06:30"),
    {"LOCALAI_HOME": "/my data/50 %/$x"},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "systemd" / "user"


def installed(folder: Path, nights: Nights = NIGHTS, command: Command = COMMAND) -> System:
    """What systemd was told by that."""
    system = System()
    timer = Systemd(system, folder)
    timers.install(timer, timer.files(nights, command))
    return system


def test_the_units_say_what_runs_and_when(folder: Path) -> None:
    service, timer = Systemd(System(), folder).files(NIGHTS, COMMAND).values()
    assert "ExecStart=/bin/echo -m localai tune --until 06:30\n" in service
    assert "Environment=" not in service
    assert "IOSchedulingClass=idle\n" in service
    assert "OnCalendar=*-*-* 02:00:00\n" in timer
    assert "Persistent=true\n" in timer
    assert "WantedBy=timers.target\n" in timer


def test_it_writes_where_status_looks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(folder)
    service = (folder / "localai-tune.service").read_text()
    assert f"StandardOutput=append:{paths.night_log()}\n" in service
    assert f"StandardError=append:{paths.night_log()}\n" in service
    assert paths.night_log().stat().st_mode & 0o077 == 0  # systemd makes no folder
    monkeypatch.setenv("LOCALAI_HOME", '/my "data"/50 %/$x')
    service, _ = Systemd(System(), folder).files(NIGHTS, COMMAND).values()
    assert 'StandardOutput=append:/my "data"/50 %%/$x/logs/night.log\n' in service


def test_words_are_marked_as_systemd_reads_them(folder: Path) -> None:
    service, _ = Systemd(System(), folder).files(NIGHTS, AWKWARD).values()
    assert 'Environment="LOCALAI_HOME=/my data/50 %%/$x"\n' in service
    assert '/bin/echo -m "a \\"model\\" of 100 %%" "$$HOME\\\\x" --until' in service
    assert quoted("/plain-path_1.0/x") == "/plain-path_1.0/x"
    assert quoted("two\nlines") == '"two\\nlines"'
    assert quoted("") == '""'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")
@pytest.mark.parametrize("command", [COMMAND, AWKWARD])
def test_systemd_finds_no_mistake_in_the_units(
    folder: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / 'my "data"' / "50 %h $x"))
    installed(folder, Nights(time(2), time(6, 30), frozenset({0, 6})), command)
    (tmp_path / "run").mkdir()
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", folder / "localai-tune.timer"],
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path / "run")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("nights", [NIGHTS, Nights(time(23, 5), time(0, 15), frozenset({0, 2, 6}))])
def test_what_is_scheduled_is_read_back(folder: Path, nights: Nights) -> None:
    assert Systemd(System(), folder).nights() is None
    words = (*AWKWARD.words[:-1], f"{nights.until:%H:%M}", "--more")
    installed(folder, nights, Command(words, AWKWARD.environment))
    assert Systemd(System(), folder).nights() == nights


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("localai-tune.timer", "*-*-* 02:00:00", "hourly"),
        ("localai-tune.timer", "*-*-* 02:00", "Mo *-*-* 02:00"),
        ("localai-tune.timer", "02:00", "25:00"),
        ("localai-tune.service", "--until 06:30", ""),
    ],
)
def test_units_that_say_something_else_are_told(
    folder: Path, name: str, old: str, new: str
) -> None:
    installed(folder)
    text = (folder / name).read_text()
    (folder / name).write_text(text.replace(old, new))
    with pytest.raises(ScheduleError, match="schedule again"):
        Systemd(System(), folder).nights()
    (folder / "localai-tune.service").unlink()
    with pytest.raises(ScheduleError, match="schedule again"):
        Systemd(System(), folder).nights()


def test_systemd_is_told_in_this_order(folder: Path) -> None:
    begin = ["systemctl --user daemon-reload", "systemctl --user enable --now localai-tune.timer"]
    end = [
        "systemctl --user disable --now localai-tune.timer",
        "systemctl --user clean --what=state localai-tune.timer",
        "systemctl --user daemon-reload",
    ]
    assert installed(folder).told == begin
    assert installed(folder).told == [*end, *begin]  # it replaces
    system = System()
    assert timers.remove(Systemd(system, folder)) == (
        folder / "localai-tune.service",
        folder / "localai-tune.timer",
    )
    assert system.told == end
    assert list(folder.iterdir()) == []
    assert timers.remove(Systemd(system, folder)) == ()
    assert system.told == end


def test_a_refusal_leaves_nothing(folder: Path) -> None:
    system = System(enable=Ran(1, complaint="Unit is masked."))
    timer = Systemd(system, folder)
    with pytest.raises(ScheduleError, match=r"systemd refuses it \(Unit is masked\.\)"):
        timers.install(timer, timer.files(NIGHTS, COMMAND))
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    timer = Systemd(System(), tmp_path / "file" / "user")
    with pytest.raises(ScheduleError, match=r"cannot be written .*, so nothing is scheduled"):
        timers.install(timer, timer.files(NIGHTS, COMMAND))


def test_a_log_that_cannot_be_written_is_told(folder: Path) -> None:
    paths.night_log().mkdir(parents=True)
    timer = Systemd(System(), folder)
    with pytest.raises(ScheduleError, match=r"night\.log cannot be written .*, so nothing is"):
        timers.install(timer, timer.files(NIGHTS, COMMAND))
    assert not folder.exists()


def test_without_systemd_there_is_a_line_for_cron(folder: Path) -> None:
    timer = Systemd(System(show=Ran(1, complaint="No medium found")), folder)
    weekdays = Nights(time(2, 5), time(6, 30), frozenset({0, 6}))
    with pytest.raises(ScheduleError) as caught:
        timer.require(weekdays, AWKWARD)
    assert "(No medium found)" in str(caught.value)
    assert str(caught.value).endswith(
        r"""instead: 5 2 * * 1,7 LOCALAI_HOME='/my data/50 \%/$x' """
        r"""/bin/echo -m 'a "model" of 100 \%' '$HOME\x' --until 06:30"""
    )
    assert not folder.exists()
    Systemd(System(), folder).require(weekdays, AWKWARD)


def test_lingering_is_asked_for(folder: Path) -> None:
    for answer, told in [("no\n", 1), ("yes\n", 0)]:
        system = System(show_user=Ran(0, answer))
        assert len(Systemd(system, folder).remarks()) == told
        assert system.told[0].startswith(f"loginctl show-user {os.getuid()} --property=Linger")
    assert Systemd(System(show_user=Ran(1)), folder).remarks() == ()


def test_whether_systemd_knows(folder: Path) -> None:
    assert timers.state(Systemd(System(), folder)) == ("none", "ok", "")
    installed(folder)
    assert timers.state(Systemd(System(), folder)) == (str(NIGHTS), "ok", "")
    unknown = Systemd(System(is_active=Ran(3)), folder)
    assert timers.state(unknown) == (str(NIGHTS), "warning", timers.UNKNOWN)
    (folder / "localai-tune.service").unlink()
    assert timers.state(unknown)[:2] == ("not readable", "warning")


def test_units_go_where_the_settings_of_programs_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert Systemd(System()).folder == tmp_path / ".config" / "systemd" / "user"
    monkeypatch.setenv("XDG_CONFIG_HOME", "/elsewhere")
    assert Systemd(System()).folder == Path("/elsewhere/systemd/user")
