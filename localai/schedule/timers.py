"""The timer that this system has, and how it is set and taken away."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from localai import paths
from localai.errors import LocalaiError, ScheduleError
from localai.schedule.launchd import Launchd
from localai.schedule.systemd import Systemd

Timer = Systemd | Launchd

UNKNOWN = "The system does not know of the timer; schedule it again."


def here() -> Timer:
    """launchd on a Mac, else systemd."""
    return Launchd() if sys.platform == "darwin" else Systemd()


def state(timer: Timer) -> tuple[str, Literal["ok", "warning"], str]:
    """What is scheduled, whether that will happen, and what to do if not."""
    try:
        nights = timer.nights()
    except ScheduleError as error:
        return "not readable", "warning", str(error)
    if nights is None:
        return "none", "ok", ""
    return (str(nights), "ok", "") if timer.loaded() else (str(nights), "warning", UNKNOWN)


def install(timer: Timer, files: Mapping[Path, str]) -> None:
    """Write the files and have them heeded, in the place of those before. Raises LocalaiError,
    and then nothing is scheduled."""
    remove(timer)
    try:
        _make_log()
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            paths.replace(path, text)
        timer.load()
    except OSError as error:
        remove(timer)
        raise ScheduleError(
            f"{error.filename} cannot be written ({error.strerror}), so nothing is scheduled; "
            "give yourself access to it."
        ) from error
    except LocalaiError:
        remove(timer)
        raise


def _make_log() -> None:
    """Have the log be there for the system to write to, its owner's alone."""
    paths.private_dir(paths.logs())
    os.close(os.open(paths.night_log(), os.O_WRONLY | os.O_CREAT, 0o600))


def remove(timer: Timer) -> tuple[Path, ...]:
    """Take the timer away; the files that were deleted. Raises ScheduleError."""
    there = tuple(place for place in timer.places if place.exists())
    if not there:
        return ()
    timer.unload()
    try:
        for place in there:
            place.unlink()
    except OSError as error:
        raise ScheduleError(
            f"{error.filename} cannot be deleted ({error.strerror}); delete it yourself."
        ) from error
    timer.gone()
    return there
