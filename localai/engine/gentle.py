"""Being a careful process: behind the others on processor and disk, where that is wanted; as a
child at its parent's priority, never alive without it.

For every process that localai starts and that holds chats in memory: the engine, the
trainer, the parity check. On Linux a session's processes share one slice of the machine
(autogroup), so `nice` alone does not help a chat in another terminal; the session's own
niceness does (sched(7)).
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

NICE = 19
_PR_SET_PDEATHSIG = 1


def step_back(nice: int = NICE) -> None:
    """Let others on the machine go first, as far as `nice` says (0 to 19); on Linux those that
    want the disk, too, as long as it is not 0. Children inherit that."""
    _lower(nice)
    if sys.platform == "linux" and nice:
        import psutil  # most who import this do not step back

        with suppress(OSError, psutil.Error):
            psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


def follow(parent: int, *, dies_with_thread: bool = True) -> None:
    """Be a child of process `parent`: as gentle as it is, ended with it, deaf to Ctrl-C in
    its terminal, with a readable trace of a crash and no core dump (chats are in memory).

    `dies_with_thread` False: the thread that started us may end before its process does.
    """
    if nice := max(0, os.getpriority(os.PRIO_PROCESS, 0)):
        _lower(nice)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux" and dies_with_thread:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _lower(nice: int) -> None:
    """Let others have the processor first."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    if sys.platform == "linux" and os.getsid(0) == os.getpid():
        # Only a session of our own: a terminal's is the user's.
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(nice), "ascii")
