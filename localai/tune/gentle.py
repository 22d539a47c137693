"""Being a considerate background process: low priority, no life without the parent.

On Linux a session's processes share one slice of the machine (autogroup), so `nice` alone
does not help a chat in another terminal; the session's own niceness does (sched(7)).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

NICE = 19
_PR_SET_PDEATHSIG = 1


def step_back() -> None:
    """Let everything else on the machine go first."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    if sys.platform == "linux" and os.getsid(0) == os.getpid():
        # Only a session of our own: a terminal's is the user's.
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(NICE), "ascii")


def follow(parent: int) -> None:
    """Be a child of `parent`: step back, end with it, dump no core (chats are in memory)."""
    step_back()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
