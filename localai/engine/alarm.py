"""A time limit that holds even while Python's interpreter is busy inside one C call.

For chat templates, which come from strangers: the sandbox in `render` counts their steps,
this is for what no counting catches. It ends the process; the parent starts another.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """The kernel ends this process (SIGALRM) if the block takes longer. Main thread only."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
