"""Setting a damaged database aside: never deleted, never overwritten, and never while any
program has it open, which would later delete the log of the one that takes its place."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from localai.errors import StoreError
from localai.store.backup import stamp, sync, unused
from localai.store.upkeep import locks

# The bytes that everybody who reads holds a lock on; https://sqlite.org/src/file/src/os.h
_SHARED_FIRST, _SHARED_SIZE = 0x40000000 + 2, 510
IN_USE = "Another localai has the history open; close it and try again."


@contextmanager
def exclusively(path: Path) -> Iterator[int]:
    """Keep every other process off the database for the block, which gets a descriptor of it:
    opening another would end the lock.

    No connection to it may be open in this process. Raises StoreError when one is elsewhere.
    """
    with locks.held(path.with_name(f"{path.name}.lock"), IN_USE, seconds=2.0):
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.lockf(
                descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST, os.SEEK_SET
            )
            yield descriptor
        except BlockingIOError as error:
            raise StoreError(IN_USE) from error
        finally:
            os.close(descriptor)


def set_aside(path: Path, instead: Path | None = None) -> Path:
    """Give the damaged database, with its log, another name; its new path.

    `instead` takes its place at once. Raises StoreError when some program has it open.
    """
    with exclusively(path):
        return put_aside(path, instead)


def put_aside(path: Path, instead: Path | None) -> Path:
    """As `set_aside`, for who holds the database exclusively."""
    log = path.with_name(f"{path.name}-wal")
    kept = unused(path.with_name(f"{path.name}.damaged-{stamp()}"))
    try:
        os.link(path, kept)
        with suppress(FileNotFoundError):
            log.rename(kept.with_name(f"{kept.name}-wal"))
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
        if instead is None:
            path.unlink()
        else:
            instead.replace(path)
        sync(path.parent)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be set aside ({error.strerror}); check who owns its folder."
        ) from error
    return kept
