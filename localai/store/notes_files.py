"""The files of the index of the notes, where it does not have to be opened: deleting them.

The index is a copy of what the user's files say, so it goes when no folder is allowed any
more. Nothing of SQLite is imported here.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
PRIVATE = 0o600


def erase(path: Path) -> None:
    """Delete the index if there is one. While another program has it open it stays, for the
    next call."""
    if not any(file.exists() for file in _files(path)):
        return
    with suppress(OSError):
        lock = os.open(f"{path}.lock", LOCK_FLAGS, PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unlink(path, lock)
        finally:
            os.close(lock)


def unlink(path: Path, lock: int) -> None:
    """Delete the database with its log, and let those that hold `lock` know (a descriptor of
    the lock file, which is locked). Raises OSError."""
    for file in _files(path):
        with suppress(FileNotFoundError):
            file.unlink()
    os.write(lock, b".")


def _files(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", ""))
