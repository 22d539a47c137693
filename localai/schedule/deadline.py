"""Times of day as points in time, on the wall clock, whatever daylight saving time does.

A machine that slept has lost no time on the wall clock, as it has on the monotonic one.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta

import msgspec

EVERY_DAY = frozenset(range(7))


class Deadline(msgspec.Struct, frozen=True):
    """The point in time `when`, in Unix seconds."""

    when: float

    @classmethod
    def next(cls, until: time, now: float) -> Deadline:
        """When it is next so late, by local time."""
        return cls(following(until, now))

    def left(self, now: Callable[[], float] = clock.time) -> float:
        """Seconds until then; 0 when it is past."""
        return max(0.0, self.when - now())


def following(at: time, now: float, days: Collection[int] = EVERY_DAY) -> float:
    """The first time after `now` (Unix seconds) that it is so late, on one of the days
    (0: Monday)."""
    today = datetime.fromtimestamp(now).date()
    ahead = (today + timedelta(days=number) for number in range(9))
    return next(
        stamp
        for day in ahead
        if day.weekday() in days
        for stamp in (moment(day, at), again(day, at))
        if stamp > now
    )


def moment(day: date, at: time) -> float:
    """When it is so late that day; a time that is skipped in spring counts as if it were not."""
    return datetime.combine(day, at).timestamp()


def again(day: date, at: time) -> float:
    """When it is so late for the last time that day: times come twice in autumn."""
    second = datetime.combine(day, at).replace(fold=1).timestamp()
    return max(second, moment(day, at))  # one that is skipped is earlier with fold 1
