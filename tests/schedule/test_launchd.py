"""The agent's property list, read back as launchd does; what launchctl is told."""

from __future__ import annotations

import os
import plistlib
from datetime import time
from pathlib import Path

import pytest

from localai import paths
from localai.errors import ScheduleError
from localai.schedule import timers
from localai.schedule.command import Command
from localai.schedule.launchd import Launchd
from localai.schedule.nights import Nights
from localai.schedule.programs import Ran
from tests.schedule.programs import System

DAILY = Nights(time(2), time(6, 30))
SOME = Nights(time(23, 5), time(0, 15), frozenset({0, 6}))
COMMAND = Command(
    ("/opt/python & more", "-m", "localai", "tune", "--until", "06:30"), {"LOCALAI_HOME": "/<x>"}
)
DOMAIN = f"gui/{os.getuid()}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "LaunchAgents"


def installed(folder: Path, nights: Nights = DAILY) -> System:
    """What launchctl was told by that."""
    system = System()
    timer = Launchd(system, folder)
    words = (*COMMAND.words[:-1], f"{nights.until:%H:%M}")
    timers.install(timer, timer.files(nights, Command(words, COMMAND.environment)))
    return system


def test_the_agent_is_what_launchd_reads(folder: Path) -> None:
    (text,) = Launchd(System(), folder).files(DAILY, COMMAND).values()
    log = str(paths.night_log())
    assert plistlib.loads(text.encode()) == {
        "Label": "localai.tune",
        "ProgramArguments": list(COMMAND.words),
        "EnvironmentVariables": {"LOCALAI_HOME": "/<x>"},
        "StartCalendarInterval": [{"Hour": 2, "Minute": 0}],
        "LowPriorityIO": True,
        "ExitTimeOut": 120,
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }


def test_days_are_counted_from_monday_as_1_to_sunday_as_7(folder: Path) -> None:
    (text,) = Launchd(System(), folder).files(SOME, COMMAND).values()
    begins = plistlib.loads(text.encode())["StartCalendarInterval"]
    assert begins == [{"Hour": 23, "Minute": 5, "Weekday": day} for day in (1, 7)]


@pytest.mark.parametrize("nights", [DAILY, SOME])
def test_what_is_scheduled_is_read_back(folder: Path, nights: Nights) -> None:
    assert Launchd(System(), folder).nights() is None
    installed(folder, nights)
    assert Launchd(System(), folder).nights() == nights


@pytest.mark.parametrize(
    "text", ["", "{}", "<plist><dict>", "<plist><dict/></plist>", "<plist><array/></plist>"]
)
def test_an_agent_that_says_something_else_is_told(folder: Path, text: str) -> None:
    installed(folder)
    (folder / "localai.tune.plist").write_text(text)
    with pytest.raises(ScheduleError, match="schedule again"):
        Launchd(System(), folder).nights()


def test_launchd_is_told_in_this_order(folder: Path) -> None:
    file = folder / "localai.tune.plist"
    begin = [
        f"launchctl enable {DOMAIN}/localai.tune",
        f"launchctl bootstrap {DOMAIN} {file}",
    ]
    end = [f"launchctl bootout {DOMAIN}/localai.tune"]
    assert installed(folder).told == begin
    assert installed(folder).told == [*end, *begin]  # it replaces
    system = System()
    assert timers.remove(Launchd(system, folder)) == (file,)
    assert system.told == end
    assert not file.exists()


def test_the_log_is_the_owners_alone(folder: Path) -> None:
    installed(folder)
    assert paths.night_log().stat().st_mode & 0o077 == 0


def test_a_refusal_leaves_nothing(folder: Path) -> None:
    timer = Launchd(System(bootstrap=Ran(5, complaint="Bootstrap failed: 5")), folder)
    with pytest.raises(ScheduleError, match=r"launchd refuses it \(Bootstrap failed: 5\)"):
        timers.install(timer, timer.files(DAILY, COMMAND))
    assert list(folder.iterdir()) == []


def test_launchd_has_to_be_there(folder: Path) -> None:
    Launchd(System(), folder).require(DAILY, COMMAND)
    gone = System(print=Ran(113, complaint="Could not find domain"))
    with pytest.raises(ScheduleError, match="log in at the screen"):
        Launchd(gone, folder).require(DAILY, COMMAND)
    assert not Launchd(gone, folder).loaded()
    assert Launchd(System(), folder).loaded()
    assert "pmset repeat" in Launchd(System(), folder).remarks()[0]
