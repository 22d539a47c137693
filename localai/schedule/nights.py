"""When localai learns at night: from when until when, on which days. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import msgspec

from localai.schedule.deadline import EVERY_DAY, Deadline, following, moment

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SLACK = 60.0
"""Seconds that a timer may be early."""
LEAST_SECONDS = 600.0
"""What is left of a night has to be so long that learning is worth a beginning."""


class Nights(msgspec.Struct, frozen=True):
    """From `at` until `until`, by local time, on the days that it begins on (0: Monday)."""

    at: time
    until: time
    days: frozenset[int] = EVERY_DAY

    def __str__(self) -> str:
        when = "every day" if self.days == EVERY_DAY else ", ".join(self.names())
        return f"{when} from {self.at:%H:%M} to {self.until:%H:%M}"

    def names(self) -> tuple[str, ...]:
        """The days as Mon, Tue and so on."""
        return tuple(DAYS[day].capitalize() for day in sorted(self.days))

    @property
    def seconds(self) -> float:
        """How long a night is, on the clock."""
        begin, end = (timedelta(hours=t.hour, minutes=t.minute) for t in (self.at, self.until))
        return ((end - begin) % timedelta(days=1)).total_seconds()

    def next_start(self, now: float) -> float:
        """When it begins next, in Unix seconds, as `now` is."""
        return following(self.at, now, self.days)

    def going_on(self, now: float) -> Deadline | None:
        """The end of the night that it is now; None for none."""
        today = datetime.fromtimestamp(now).date()
        for day in (today, today - timedelta(days=1)):
            begin = moment(day, self.at)
            end = Deadline.next(self.until, begin)
            if day.weekday() in self.days and begin - SLACK <= now < end.when:
                return end
        return None

    def deadline(self, now: float) -> Deadline:
        """The end of the night that it is now; of a missed one that is caught up on, which lasts
        as long, from now."""
        return self.going_on(now) or Deadline(now + self.seconds)
