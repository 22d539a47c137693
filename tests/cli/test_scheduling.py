"""`localai tune schedule`, `unschedule` and what the timer runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from datetime import time as clock
from functools import partial
from pathlib import Path

import click
import pytest

from localai import moments, paths
from localai.cli import learning
from localai.cli.clock import Days, TimeOfDay
from localai.cli.night import End, watched
from localai.errors import ConfigError, EngineError, LocalaiError, UsageError
from localai.schedule import beginning, outcome, timers, waking
from localai.schedule.conditions import Machine
from localai.schedule.deadline import Deadline
from localai.schedule.nights import Nights
from localai.schedule.outcome import LastNight, last_night
from localai.schedule.programs import Ran
from localai.schedule.systemd import Systemd
from localai.store.tuning import Progress
from localai.tune_process import Stopped
from tests.cli.conftest import Run as Command
from tests.schedule.programs import System

AT = ("tune", "schedule", "--at", "02:00", "--until", "06:30")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "units"


@pytest.fixture(autouse=True)
def system(folder: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    """A systemd that does as it is told, on every machine."""
    found = System(show_user=Ran(0, "no\n"))
    monkeypatch.setattr(timers, "here", lambda: Systemd(found, folder))
    return found


@pytest.mark.parametrize(
    ("text", "found"), [("02:00", clock(2)), (" 2:05 ", clock(2, 5)), ("23:59", clock(23, 59))]
)
def test_times_of_day(text: str, found: clock) -> None:
    assert TimeOfDay().convert(text, None, None) == found


@pytest.mark.parametrize(
    "text", ["", "2", "24:00", "2:60", "02:00:00", "2am", "-1:00", "\u0968:00"]
)
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write 02:00 or 22:30"):
        TimeOfDay().convert(text, None, None)


def test_days() -> None:
    assert Days().convert("mon, Sunday", None, None) == {0, 6}
    for text in ("", "mon,", "day", "monkey", "mon;tue"):
        with pytest.raises(click.BadParameter, match="is no day"):
            Days().convert(text, None, None)


def test_scheduling_shows_the_files_and_says_when(
    run: Command, folder: Path, system: System
) -> None:
    result = run(*AT, "--days", "mon,tue", "--yes")
    assert (result.exit_code, result.stdout) == (0, "")
    for path in folder.iterdir():
        assert f"{path}:\n{path.read_text()}" in result.stderr
    assert "Scheduled: Mon, Tue from 02:00 to 06:30, next 20" in result.stderr
    assert "loginctl enable-linger" in result.stderr
    assert system.told[-2] == "systemctl --user enable --now localai-tune.timer"
    assert timers.here().nights() == Nights(clock(2), clock(6, 30), frozenset({0, 1}))


def test_files_are_only_written_once_somebody_said_so(run: Command, folder: Path) -> None:
    result = run(*AT)
    assert result.exit_code == 2
    assert "OnCalendar=*-*-* 02:00:00" in result.stderr
    assert "add --yes" in result.stderr
    assert not folder.exists()


@pytest.mark.parametrize(("answer", "exit_code", "files"), [("y", 0, 2), ("n", 1, 0)])
def test_who_is_at_a_terminal_is_asked(
    run: Command,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    exit_code: int,
    files: int,
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)
    result = run(*AT, input=f"{answer}\n")
    assert result.exit_code == exit_code
    assert "Write localai-tune.service and localai-tune.timer?" in result.stderr
    assert len(list(folder.glob("*"))) == files


def test_showing_writes_nothing(run: Command, folder: Path, system: System) -> None:
    result = run(*AT, "--show")
    assert result.exit_code == 0
    assert "OnCalendar=*-*-* 02:00:00" in result.stdout
    assert "tune --scheduled --until 06:30" in result.stdout
    assert not folder.exists()
    assert system.told == []


def test_the_model_that_is_named_is_the_one_that_learns(
    run: Command, model: str, folder: Path
) -> None:
    assert run("-m", model, *AT, "--yes").exit_code == 0
    service = (folder / "localai-tune.service").read_text()
    assert f"-m localai -m {model} tune --scheduled" in service
    result = run("-m", "no-such-model", *AT, "--yes")
    assert result.exit_code == 1
    assert "no-such-model" in result.stderr
    assert model in (folder / "localai-tune.service").read_text()  # it still stands


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--at", "02:00"], "--until 06:30"),
        (["--until", "06:30"], "--at 02:00"),
        (["--days", "mon"], "--at 02:00"),
        (["--yes"], "--at 02:00"),
        (["--at", "2", "--until", "06:30"], "no time of day"),
        (["--at", "02:00", "--until", "06:30", "--days", "noday"], "is no day"),
        (["--at", "02:00", "--until", "02:00"], "too short"),
        (["--at", "02:00", "--until", "02:09"], "too short"),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: Command, folder: Path, arguments: list[str], words: str
) -> None:
    result = run("tune", "schedule", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert not folder.exists()


def test_without_systemd_it_is_said_in_one_sentence(
    run: Command, folder: Path, system: System
) -> None:
    system.answers = {"show": Ran(1, complaint="No medium found")}
    result = run(*AT, "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert "crontab" in result.stderr
    assert not folder.exists()


def test_what_is_scheduled_is_told(run: Command, system: System) -> None:
    assert "Nothing is scheduled" in run("tune", "schedule").stderr
    run(*AT, "--yes")
    result = run("tune", "schedule")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Scheduled: every day from 02:00 to 06:30, next ")
    when = datetime(2026, 11, 28, 2).timestamp()
    outcome.keep("On \x1b[2Jbattery.", lambda: when)
    told = f"Last time, {moments.local(when):{moments.WHEN}}: did not begin. On battery.\n"
    assert run("tune", "schedule").stdout.endswith(told)
    outcome.keep("", lambda: when)
    assert run("tune", "schedule").stdout.endswith(": began.\n")
    assert "OnCalendar=" in run("tune", "schedule", "--show").stdout
    system.answers = {"is_active": Ran(3)}
    assert run("tune", "schedule").stderr == f"{timers.UNKNOWN}\n"


def test_unscheduling_says_what_is_gone(run: Command, folder: Path) -> None:
    run(*AT, "--yes")
    result = run("tune", "unschedule")
    assert result.stderr.splitlines() == [
        f"Deleted {folder / 'localai-tune.service'}",
        f"Deleted {folder / 'localai-tune.timer'}",
        "Nothing is scheduled any more.",
    ]
    assert run("tune", "unschedule").stderr == "Nothing was scheduled.\n"


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happened in a night, on a machine that is free."""
    happened = list[str]()

    @contextmanager
    def awake() -> Iterator[None]:
        happened.append("awake")
        yield
        happened.append("asleep")

    def learn(*_: object, **__: object) -> bool:
        happened.append("learns")
        return False

    free = Machine(free=8_000_000_000, idle=3600.0)
    monkeypatch.setattr(waking, "awake", awake)
    monkeypatch.setattr(learning, "learn", learn)
    monkeypatch.setattr(beginning, "wait", partial(beginning.wait, machine=lambda: free))
    return happened


def test_a_scheduled_tune_begins_on_a_free_machine(run: Command, night: list[str]) -> None:
    result = run("tune", "--scheduled")
    assert (result.exit_code, result.output) == (0, "")  # also if nothing better came of it
    assert night == ["awake", "learns", "asleep"]
    last = last_night()
    assert last is not None
    assert (last.why_not, last.hindered) == ("", False)


def test_a_machine_that_is_not_free_is_left_alone(
    run: Command, night: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALAI_NIGHT__MEMORY", "9")
    result = run("tune", "sft", "--scheduled")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Only 8.0 GB of memory are free" in result.stderr
    assert night == ["awake", "asleep"]
    last = last_night()
    assert last is not None
    assert last.why_not == result.stderr.strip()
    assert last.hindered


@pytest.mark.parametrize(
    ("error", "code", "hindered"),
    [
        (UsageError("There is nothing to learn."), 0, False),
        (ConfigError("mine.jsonl cannot be read."), ConfigError.exit_code, True),
    ],
)
def test_nothing_to_learn_is_no_failure_and_what_cannot_begin_is_one(
    run: Command,
    night: list[str],
    monkeypatch: pytest.MonkeyPatch,
    error: LocalaiError,
    code: int,
    hindered: bool,
) -> None:
    def fails(*_: object, **__: object) -> bool:
        raise error

    monkeypatch.setattr(learning, "learn", fails)
    result = run("tune", "--scheduled")
    assert result.exit_code == code
    assert str(error) in result.stderr
    assert result.stderr.count("\n") == 1
    assert isinstance(last := last_night(), LastNight)
    assert (last.why_not, last.hindered) == (str(error), hindered)


def test_a_dry_run_needs_no_night(run: Command, night: list[str]) -> None:
    result = run("tune", "--scheduled", "--dry-run")
    assert (result.exit_code, night) == (2, [])
    assert "leave --scheduled out" in result.stderr


def test_a_night_that_fails_is_a_failure(
    run: Command, night: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise EngineError("It broke.")

    monkeypatch.setattr(learning, "learn", fail)
    assert run("tune", "--scheduled").exit_code == 1
    assert paths.last_night().exists()


def test_a_tune_ends_once_when_its_time_is_over_or_the_power_fails() -> None:
    heard, now = list[Progress](), Progress("training")
    over = watched(heard.append, Deadline(0.0), lambda: "")
    with pytest.raises(Stopped, match="Its time is over"):
        over(now)
    over(now)  # what is done while it ends is told, too
    assert heard == [now]
    with pytest.raises(Stopped, match="On battery"):
        watched(heard.append, None, lambda: "On battery.")(now)
    watched(heard.append, Deadline(time.time() + 60), lambda: "")(now)
    assert heard == [now, now]


def test_a_time_of_day_is_an_end_for_any_tune() -> None:
    assert End(None, scheduled=False).deadline() is None
    found = End(clock(6, 30), scheduled=False).deadline()
    assert found is not None
    assert 0 < found.left() <= 25 * 3600
