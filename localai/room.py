"""Whose turn it is with a memory that does not hold a model to chat with and a training.

Two lock files in the data folder, so that a crash gives a turn back. Whoever has a model to
chat with in memory, or wants one, shares the first; a training has the second for itself.
Each takes its own before it looks at the other's, so that one of the two always sees the
other. Who makes way, and when, is decided by those who hold them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from localai import paths

CHATS, TRAINING = "chats.lock", "training.lock"
PATIENCE_SECONDS = 90.0
"""How long a chat waits for a training to make way: a step of it, and a checkpoint."""
LOOK_SECONDS = 0.1


class Room:
    """The lock files in the data folder `folder`. Where they cannot be made, nobody waits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def chatting(self) -> bool:
        """Whether somebody has a model to chat with in memory, or wants one."""
        return not self._free(CHATS, fcntl.LOCK_EX)

    @property
    def trainer(self) -> int:
        """The id of the process that trains now and would make way; 0 for none."""
        if self._free(TRAINING, fcntl.LOCK_SH):
            return 0
        try:
            return int((self._folder / TRAINING).read_text("ascii"))
        except (OSError, ValueError):
            return 0

    def chat(
        self,
        seconds: float = PATIENCE_SECONDS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> int:
        """Say that a model to chat with is wanted, and wait until nothing trains, so long at
        most. The descriptor whose end says that it has left the memory; -1 for none."""
        lock = self._held(CHATS, fcntl.LOCK_SH)
        if lock < 0:
            return lock
        until = time.monotonic() + seconds
        while not self._free(TRAINING, fcntl.LOCK_SH) and time.monotonic() < until:
            sleep(LOOK_SECONDS)
        return lock

    @contextmanager
    def train(self) -> Iterator[Callable[[int], object]]:
        """Have the training's turn; what is yielded takes the id of the process that trains."""
        paths.private_dir(self._folder)
        lock = self._held(TRAINING, fcntl.LOCK_EX)
        if lock < 0:
            yield lambda process: None
            return
        try:
            os.truncate(lock, 0)
            yield lambda process: os.pwrite(lock, f"{process:<20}".encode("ascii"), 0)
        finally:
            os.close(lock)

    def _held(self, name: str, kind: int) -> int:
        """The descriptor that holds the lock, once it can; -1 where there are no locks."""
        try:
            lock = self._open(name)
        except OSError:
            return -1
        try:
            fcntl.flock(lock, kind)
        except OSError:
            os.close(lock)
            return -1
        return lock

    def _free(self, name: str, kind: int) -> bool:
        """Whether nobody holds the lock in a way that keeps this kind of it from us."""
        try:
            lock = self._open(name)
        except OSError:
            return True
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except OSError as error:
            return not isinstance(error, BlockingIOError)
        finally:
            os.close(lock)
        return True

    def _open(self, name: str) -> int:
        return os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)
