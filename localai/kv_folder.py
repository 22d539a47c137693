"""The folder of saved KV caches: what lies there, how it is kept small, how it is emptied.

Each file holds what the model has read of one conversation, so all of them are private and
go when something is forgotten. Several processes share the folder; what takes moments is
done under one lock. What is in the files is for `engine.kept`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from localai import paths
from localai.errors import StoreError

SUFFIX = ".kv"
PARTIAL = ".partial"
EPOCH = "epoch"
LOCK = "lock"
STALE_SECONDS = 3600.0
"""Age from which on a half-written file was left by a process that died."""


class Kept(NamedTuple):
    """A file: its size in bytes, and when it was last used (nanoseconds since 1970)."""

    path: Path
    size: int
    used: int


class KvFolder:
    """Not made before something is written to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self, pattern: str = f"*{SUFFIX}") -> list[Kept]:
        """The saved files, the one longest unused first."""
        found = []
        for path in self.path.glob(pattern):
            with suppress(OSError):  # another process was faster
                about = path.lstat()
                found.append(Kept(path, about.st_size, about.st_mtime_ns))
        return sorted(found, key=lambda each: (each.used, each.path.name))

    @property
    def epoch(self) -> str:
        """Another word after each erasing: what was read before it must not be saved after."""
        try:
            return (self.path / EPOCH).read_text("ascii")
        except (OSError, ValueError):
            return ""

    def make(self) -> None:
        """Have the folder, for the owner alone. Raises StoreError."""
        paths.private_dir(self.path.parent)
        paths.private_dir(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who adds or removes files. Raises OSError without the folder."""
        lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def begin(self, name: str) -> Path:
        """A new empty file of the owner's that `finish` gives its name. Raises OSError."""
        path = self.path / f"{name}.{os.getpid()}{PARTIAL}"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        return path

    def finish(self, partial: Path, name: str, epoch: str) -> bool:
        """Give a written file its name; False when the folder was erased since `epoch`."""
        with self.locked():
            if self.epoch != epoch:
                return False
            partial.rename(self.path / f"{name}{SUFFIX}")
            return True

    def trim(self, most: int) -> None:
        """Remove the files longest unused until at most so many bytes are left, and what
        dead processes have left half written. Raises OSError."""
        with self.locked():
            files = self.files()
            total = sum(each.size for each in files)
            for each in files:
                if total <= most:
                    break
                each.path.unlink(missing_ok=True)
                total -= each.size
            for each in self.files(f"*{PARTIAL}"):
                if time.time() - each.used / 1e9 > STALE_SECONDS:
                    each.path.unlink(missing_ok=True)

    def erase(self) -> list[Path]:
        """Remove everything; which files there were. Raises StoreError."""
        if not self.path.is_dir():
            return []
        try:
            with self.locked():
                paths.replace(self.path / EPOCH, secrets.token_hex(8))
                gone = [each for each in self.path.iterdir() if each.name not in (EPOCH, LOCK)]
                for each in gone:
                    each.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"What the model has read of conversations cannot be erased ({error.strerror}); "
                f"delete the folder {self.path}."
            ) from error
        return gone
