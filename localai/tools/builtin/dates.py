"""Dates and times from ISO 8601 text and back, and the arithmetic between them.

Months have different lengths: a day that the target month lacks becomes its last one
(31 January and a month is 28 or 29 February). The calendar is the Gregorian one, from
year 1 to 9999. No clock is read here.
"""

from __future__ import annotations

import calendar
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta

from localai.errors import ToolError

Moment = date | datetime


def read(text: str) -> Moment:
    """A date, or a date with a time, in ISO 8601. Raises ToolError."""
    text = text.strip()
    try:
        # A week (2026-W48) and a date without dashes are dates; a time makes it longer.
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ToolError(
            f"{text[:40]!r} is no date: write it as 2026-03-31 or 2026-03-31T14:30{_why(error)}."
        ) from None


def add(moment: Moment, *, years: int, months: int, weeks: int, days: int) -> Moment:
    """Years and months first, then weeks and days. Raises ToolError outside years 1 to 9999."""
    month = moment.year * 12 + moment.month - 1 + years * 12 + months
    year, month = month // 12, month % 12 + 1
    if not MINYEAR <= year <= MAXYEAR:
        raise _outside()
    day = min(moment.day, calendar.monthrange(year, month)[1])
    try:
        return moment.replace(year=year, month=month, day=day) + timedelta(days=days, weeks=weeks)
    except OverflowError:
        raise _outside() from None


def between(start: Moment, end: Moment) -> timedelta:
    """From start to end; negative when the end comes first. Raises ToolError.

    A date counts as its midnight beside a time. Times with a zone are compared as instants.
    """
    if not isinstance(start, datetime) and not isinstance(end, datetime):
        return end - start
    first, last = _midnight(start, end), _midnight(end, start)
    if (first.tzinfo is None) != (last.tzinfo is None):
        raise ToolError("One of the times has a zone and the other has none; give both or none.")
    return last - first


def duration(length: timedelta) -> str:
    """A length of time in words: -2 days 3 hours; whole days alone when there is no more."""
    sign, length = ("-", -length) if length < timedelta(0) else ("", length)
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        _counted(length.days, "day"),
        _counted(hours, "hour"),
        _counted(minutes, "minute"),
        _counted(seconds, "second", length.microseconds),
    ]
    words = " ".join(part for part in parts if part)
    return sign + words if words else "0 days"


def weekday(moment: Moment) -> str:
    """The English name of the day, whatever the language of the machine."""
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return names[moment.weekday()]


def _midnight(moment: Moment, other: Moment) -> datetime:
    if isinstance(moment, datetime):
        return moment
    zone = other.tzinfo if isinstance(other, datetime) else None
    return datetime(moment.year, moment.month, moment.day, tzinfo=zone)


def _counted(count: int, word: str, millionths: int = 0) -> str:
    """The count with its word; empty for nothing."""
    if not count and not millionths:
        return ""
    fraction = f".{millionths:06}".rstrip("0") if millionths else ""
    return f"{count}{fraction} {word}" + ("" if count == 1 and not fraction else "s")


def _why(error: ValueError) -> str:
    """What is out of range, where Python says so in plain words."""
    text = str(error)
    return f" ({text})" if "out of range" in text or "must be in" in text else ""


def _outside() -> ToolError:
    return ToolError(f"The date would be outside the years {MINYEAR} to {MAXYEAR}.")
