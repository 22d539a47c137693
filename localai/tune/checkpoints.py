"""What training needs to go on where it was, in a file beside its plan.

Knows nothing of the arrays that it keeps, and needs no MLX. A file that is broken, or of
another plan, is as good as none: training then begins at its first step.
"""

from __future__ import annotations

import hashlib
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from localai.tune.manifest import settle

CHECKPOINT = "checkpoint.npz"
SECONDS = 60.0
"""Training time between two checkpoints, at least."""

SHARE = 0.01
"""Share of the training time that writing checkpoints may take."""

_ABOUT = "about"

UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, msgspec.MsgspecError)
"""What reading a broken one may come to."""

Arrays = Mapping[str, np.ndarray[Any, Any]]


class Position(msgspec.Struct, frozen=True):
    """How far training is: `done` of `steps` steps, which took `seconds`; the `best` loss of
    what is held out, and how often in a row it was missed; in how many `pieces` the memory
    lets a step be computed."""

    done: int
    steps: int
    seconds: float = 0.0
    best: float | None = None
    misses: int = 0
    pieces: int = 1


class About(msgspec.Struct, frozen=True):
    """What a checkpoint belongs to, and how far it is."""

    plan: str
    position: Position


class Checkpoints:
    """The checkpoint of the plan `plan` (its bytes) in a folder."""

    def __init__(
        self, folder: Path, plan: bytes, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._file, self._plan, self._now = folder / CHECKPOINT, hashlib.sha256(plan), now
        self._written, self._took = now(), 0.0

    @property
    def due(self) -> bool:
        """Whether it is time for the next one."""
        return self._now() - self._written >= max(SECONDS, self._took / SHARE)

    def write(self, position: Position, arrays: Arrays) -> None:
        """Put a new one in the place of the last; a kill leaves either whole. Where there is
        no room for it, the last one stays, with a word in the log."""
        begun = self._now()
        about = msgspec.json.encode(About(self._plan.hexdigest(), position))
        temporary = self._file.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                kept: dict[str, Any] = {**arrays, _ABOUT: np.frombuffer(about, np.uint8)}
                np.savez(file, **kept)
            settle(temporary, self._file)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            print(f"No checkpoint could be written ({error.strerror}).", file=sys.stderr)
        self._written = self._now()
        self._took = self._written - begun

    def read(self) -> tuple[Position, Arrays] | None:
        """What was written last; None, with a word in the log, if that is of no use."""
        try:
            with self._file.open("rb") as file:
                return read_from(file, self._plan.hexdigest())
        except FileNotFoundError:
            return None
        except OSError as error:
            _log(f"it is broken ({error})")
            return None


def read_from(file: IO[bytes], plan: str) -> tuple[Position, Arrays] | None:
    """What the file has of the plan with this hash (hex); None, with a word in the log, if
    that is of no use."""
    try:
        with np.load(file) as kept:
            arrays = {name: kept[name] for name in kept.files}
        about = msgspec.json.decode(arrays.pop(_ABOUT).tobytes(), type=About)
    except UNREADABLE as error:
        _log(f"it is broken ({error})")
        return None
    if about.plan != plan:
        _log("it belongs to another plan")
        return None
    return about.position, arrays


def _log(why: str) -> None:
    print(f"The checkpoint is left out: {why}; training begins anew.", file=sys.stderr)
