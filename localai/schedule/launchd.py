"""An agent of the user's own launchd (launchd.plist(5), launchctl(1)).

No `ProcessType`: Apple's chips keep what is in the background on their slow cores, and a night is
short.
No `Nice`: a tune steps back by itself, as far as `tune.nice` says.
"""

from __future__ import annotations

import os
import plistlib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from localai import paths
from localai.errors import ScheduleError
from localai.schedule.command import Command
from localai.schedule.deadline import EVERY_DAY
from localai.schedule.nights import Nights
from localai.schedule.programs import Run, run

LABEL = "localai.tune"


class Launchd:
    """The agent in the user's launchd; `run` runs launchctl."""

    def __init__(self, run: Run = run, folder: Path | None = None) -> None:
        self.folder, self._run = folder or Path.home() / "Library" / "LaunchAgents", run
        self.places = (self.folder / f"{LABEL}.plist",)
        self._domain = f"gui/{os.getuid()}"

    def files(self, nights: Nights, command: Command) -> Mapping[Path, str]:
        """The file that schedules it."""
        return {self.places[0]: agent(nights, command, paths.night_log())}

    def nights(self) -> Nights | None:
        """What the file says. Raises ScheduleError when it says something else."""
        (place,) = self.places
        if not place.exists():
            return None
        try:
            found = plistlib.loads(place.read_bytes())
            begins, words = found["StartCalendarInterval"], found["ProgramArguments"]
            until = time.fromisoformat(words[words.index("--until") + 1])
            days = frozenset((each["Weekday"] - 1) % 7 for each in begins if "Weekday" in each)
            return Nights(time(begins[0]["Hour"], begins[0]["Minute"]), until, days or EVERY_DAY)
        except (OSError, ValueError, LookupError, TypeError, ExpatError) as error:
            raise ScheduleError(
                f"{place} does not say when, as localai writes it; schedule again."
            ) from error

    def require(self, nights: Nights, command: Command) -> None:
        """Raises ScheduleError where there is no launchd that could start it."""
        ran = self._run("launchctl", "print", self._domain)
        if ran.code:
            raise ScheduleError(
                f"Your launchd cannot be reached here ({ran.complaint}), so nothing was written; "
                "log in at the screen and do it there."
            )

    def load(self) -> None:
        """Let launchd know of the file. Raises ScheduleError."""
        self._run("launchctl", "enable", f"{self._domain}/{LABEL}")  # it may be switched off
        ran = self._run("launchctl", "bootstrap", self._domain, str(self.places[0]))
        if ran.code:
            raise ScheduleError(
                f"launchd refuses it ({ran.complaint}), so nothing is scheduled; log out and in "
                "again, then repeat the command."
            )

    def unload(self) -> None:
        """Let launchd forget the agent; one that runs is ended in order."""
        self._run("launchctl", "bootout", f"{self._domain}/{LABEL}")

    def gone(self) -> None:
        """launchd needs not be told that a file is gone."""

    def loaded(self) -> bool:
        """Whether launchd will start it."""
        return self._run("launchctl", "print", f"{self._domain}/{LABEL}").code == 0

    def remarks(self) -> tuple[str, ...]:
        """What else has to be done so that it starts."""
        return (
            "A Mac that is asleep then begins when it wakes, if nobody uses it; sudo pmset repeat "
            "wakeorpoweron wakes it at a time of your choice.",
        )


def agent(nights: Nights, command: Command, log: Path) -> str:
    """The text of the property list."""
    begin = {"Hour": nights.at.hour, "Minute": nights.at.minute}
    weekdays = () if nights.days == EVERY_DAY else sorted(nights.days)
    values: dict[str, Any] = {
        "Label": LABEL,
        "ProgramArguments": list(command.words),
        "EnvironmentVariables": command.environment,
        "StartCalendarInterval": [begin | {"Weekday": day + 1} for day in weekdays] or [begin],
        "LowPriorityIO": True,
        "ExitTimeOut": 120,
        "StandardOutPath": str(log),
        "StandardErrorPath": str(log),
    }
    return plistlib.dumps(values, sort_keys=False).decode("utf-8")
