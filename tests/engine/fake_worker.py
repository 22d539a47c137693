"""The real worker's plumbing around a fake service: for tests of its precautions.

`python fake_worker.py HOW [--thread]`: a generation prints to stdout, then hangs in C,
with or without Python's lock, or raises.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from localai.conversation import Delta
from localai.engine import frames, worker
from tests.engine.fake_child import INFO


class FakeService:
    def __init__(self, cancelled: Callable[[int], bool]) -> None:
        self.cancelled = cancelled

    def rest(self, waiting: Callable[[], bool]) -> None:
        if not waiting():
            print("a moment of rest", flush=True)

    def answers(self, command: frames.Command) -> Iterator[frames.Answer]:
        how = sys.argv[1]
        if isinstance(command, frames.Load):
            yield frames.Loaded(command.number, INFO)
        elif isinstance(command, frames.Pieces):
            yield frames.Texts(command.number, (told(how), *sorted(os.environ)))
        elif isinstance(command, frames.Generate):
            print("noise from a library", flush=True)
            os.system("echo noise from C")
            yield frames.Happened(command.number, Delta("one"))
            hang(how)


def told(how: str) -> str:
    """The process's limits, or a text that is larger than a frame may be."""
    if how == "limits":
        return Path("/proc/self/limits").read_text()
    if how == "large":
        frames.MAX_FRAME = 900
        return "x" * 1000
    return ""


def hang(how: str) -> None:
    if how == "unlocked":
        ctypes.CDLL(None).sleep(600)
    elif how == "locked":
        ctypes.PyDLL(None).sleep(600)
    raise RuntimeError("service broke")


if __name__ == "__main__":
    worker.IDLE_SECONDS = 0.1
    worker.run([str(os.getppid()), *sys.argv[2:]], FakeService)
