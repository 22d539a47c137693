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


def step_back(nice: int = NICE) -> None:
    """Let others on the machine go first, as far as `nice` says (0 to 19)."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    if sys.platform == "linux" and os.getsid(0) == os.getpid():
        # Only a session of our own: a terminal's is the user's.
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(nice), "ascii")


def follow(parent: int) -> None:
    """Be a child of `parent`: as gentle, ended with it, without core dumps (chats are in
    memory)."""
    step_back(os.getpriority(os.PRIO_PROCESS, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
