"""How many threads to decode with while others use the machine, too.

llama.cpp's threads meet at a barrier many times per token and spin there; beside a busy
program each waits for the one that lost its core, and all get slower than fewer threads
would be. So the count follows what the rest of the machine does. A shorter spin
(`GOMP_SPINCOUNT`) would be kinder for the moment before the count has followed, but
costs speed all the time. The policy is pure; the measuring reads two counters of the
kernel four times a second.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

import psutil

INTERVAL = 0.25
"""Seconds between two looks."""

HEAVY = 0.5
"""Cores' worth of foreign load from which on a core counts as taken."""

CALM = 4
"""Looks in a row that must agree before a thread comes back; one is enough to leave."""

MARGIN = 0.25
"""Cores by which the foreign load must stay below that mark for it: our own reader works
more the faster we decode, and must not make the count swing."""


class Usage(NamedTuple):
    """CPU seconds so far: `machine` all processes together, `own` this one."""

    machine: float
    own: float


def wanted(cores: int, foreign: float) -> int:
    """Threads for `cores` physical cores while others keep `foreign` cores busy."""
    taken = int(foreign + 1 - HEAVY)
    return max(1, cores - taken)


class ThreadCount:
    """Follows the load. `now` and `usage` are injected for tests."""

    def __init__(
        self,
        cores: int,
        usage: Callable[[], Usage] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cores = self.count = cores
        self._usage, self._now = usage or measure, now
        self._calm = 0
        self.begin()

    def begin(self) -> None:
        """Start to watch: what others did while we were idle says nothing about now."""
        self._at, self._last = self._now(), self._usage()

    def look(self) -> bool:
        """Whether `count` changed. Cheap; does nothing until the interval has passed."""
        now = self._now()
        if self.cores == 1 or now - self._at < INTERVAL:
            return False
        usage, seconds = self._usage(), now - self._at
        foreign = (usage.machine - self._last.machine) - (usage.own - self._last.own)
        self._at, self._last = now, usage
        return self._follow(max(0.0, foreign / seconds))

    def _follow(self, foreign: float) -> bool:
        before = self.count
        more = wanted(self.cores, foreign + MARGIN)
        self._calm = self._calm + 1 if more > before else 0
        if self._calm >= CALM:
            self.count, self._calm = more, 0
        else:
            self.count = min(before, wanted(self.cores, foreign))
        return self.count != before


def physical_cores() -> int:
    """Cores this process may use; hyper-threads do not count."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return max(1, min(physical, len(os.sched_getaffinity(0))))
    return physical


def measure() -> Usage:
    """The counters of the kernel."""
    times = psutil.cpu_times()
    waiting = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return Usage(sum(times) - waiting - guests, time.process_time())
