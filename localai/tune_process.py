"""What the app and the command line alike know of a tune's process: how it is asked to stop,
where it writes what it has to say, and whether another one can go on with what it did."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from localai import paths
from localai.errors import UsageError
from localai.store.tuning import Run

UNFINISHED = ("interrupted", "stopped", "failed")
PLAN = "plan.msgpack"
"""What a run trains by, in its working folder; made just before training."""

TAIL_BYTES = 4096


def log() -> Path:
    """Where a tune writes that the app started, and the helpers of every one."""
    return paths.logs() / "tune.log"


def last_log(since: float) -> Path | None:
    """The log of the app's tunes or of the timer's, whichever was written last; None where that was
    before `since`, in Unix seconds."""
    when, file = max((_written(file), file) for file in (log(), paths.night_log()))
    return file if when > since else None


def tail(file: Path, lines: int) -> tuple[str, ...]:
    """The last lines of a log that say something, raw; none where there is no log."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, opened.seek(0, os.SEEK_END) - TAIL_BYTES))
            text = opened.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(line for line in text.splitlines() if line.strip())[-lines:]


def _written(file: Path) -> float:
    """When something was last written to it; 0 where nothing is there."""
    try:
        found = file.stat()
    except OSError:
        return 0.0
    return found.st_mtime if found.st_size else 0.0


class Stopped(KeyboardInterrupt):
    """The tune is to end now, in order, because of what the sentence `why` says."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def planned(run: Run) -> bool:
    """Whether the run got as far as a plan. Whether that can be read is seen when it is needed."""
    return (paths.tune_work() / run.id / PLAN).exists()


def resumable(run: Run) -> bool:
    """Whether the run could be gone on with."""
    return run.state in UNFINISHED and planned(run)


def stop(process: int | None) -> None:
    """Ask the process with this id to end in order; None where there is none.

    Not as Ctrl-C does: what a shell has begun in the background ignores that. Raises
    UsageError when it cannot be asked.
    """
    if process is None:
        raise UsageError("No tune is running.")
    try:
        os.kill(process, signal.SIGTERM)
    except ProcessLookupError:
        raise UsageError("The tune has just ended.") from None
    except PermissionError:
        raise UsageError("The tune belongs to another user; stop it there.") from None
