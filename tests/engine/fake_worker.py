"""The real worker's plumbing around a fake service: for tests of its precautions.

`python fake_worker.py HOW [--thread]`: a generation prints to stdout, then hangs in C,
with or without Python's lock, or raises.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator

from localai.conversation import Delta
from localai.engine import frames, worker
from tests.engine.fake_child import INFO


class FakeService:
    def __init__(self, cancelled: Callable[[int], bool]) -> None:
        self.cancelled = cancelled

    def answers(self, command: frames.Command) -> Iterator[frames.Answer]:
        how = sys.argv[1]
        if isinstance(command, frames.Load):
            yield frames.Loaded(command.number, INFO)
        elif isinstance(command, frames.Pieces):
            limits = open("/proc/self/limits").read() if how == "limits" else ""  # noqa: PTH123, SIM115
            yield frames.Texts(command.number, (limits, *sorted(os.environ)))
        elif isinstance(command, frames.Generate):
            print("noise from a library", flush=True)
            os.system("echo noise from C")
            yield frames.Happened(command.number, Delta("one"))
            hang(how)


def hang(how: str) -> None:
    if how == "unlocked":
        ctypes.CDLL(None).sleep(600)
    elif how == "locked":
        ctypes.PyDLL(None).sleep(600)
    raise RuntimeError("service broke")


if __name__ == "__main__":
    worker.run([str(os.getppid()), *sys.argv[2:]], FakeService)
