"""Lock files of the data folder, for work that excludes other processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localai import paths
from localai.errors import StoreError

COPY_SECONDS = 60.0
COPYING = "Another localai is making a copy of the history; try again in a minute."


@contextmanager
def held(path: Path, busy: str, seconds: float = 0.0) -> Iterator[None]:
    """Hold a lock file for the block. Raises StoreError, saying `busy`, when another process
    has it for that long."""
    # Imported here because every opening of the store comes by, and hardly any locks.
    from filelock import FileLock, Timeout

    paths.private_dir(path.parent)
    lock = FileLock(path, timeout=seconds, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreError(busy) from error
    except OSError as error:
        raise StoreError(
            f"The lock file {path} cannot be made ({error.strerror}); check who owns its folder."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def copying(data: Path, seconds: float | None = None) -> Iterator[None]:
    """Be the only one who makes or removes copies, waiting for others a while."""
    wait = COPY_SECONDS if seconds is None else seconds
    with held(paths.private_dir(data) / "backups.lock", COPYING, wait):
        yield
