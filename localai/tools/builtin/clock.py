"""What a clock and a calendar know: four small tools, all in ISO 8601.

They are apart because a small model fills in one or two arguments better than six.
"""

from __future__ import annotations

from datetime import UTC, datetime

from localai.tools.builtin import dates, zones
from localai.tools.tool import tool


@tool(effects=())
def clock(zone: str = "") -> str:
    """Tell the present date, time and weekday, here or in a time zone.

    Args:
        zone: such as Europe/Berlin or UTC; leave it out for the local time.
    """
    return told(datetime.now(UTC), zone)


@tool(effects=())
def date_difference(start: str, end: str) -> str:
    """Tell how long it is from one date or time to another.

    Args:
        start: a date such as 2026-03-31, or with a time, 2026-03-31T14:30.
        end: likewise; the result is negative when it comes before the start.
    """
    return dates.duration(dates.between(dates.read(start), dates.read(end)))


@tool(effects=())
def date_add(date: str, days: int = 0, weeks: int = 0, months: int = 0, years: int = 0) -> str:
    """Tell the date some days, weeks, months or years after a date, or before it if negative.

    Args:
        date: such as 2026-03-31, or with a time, 2026-03-31T14:30.
    """
    moment = dates.add(dates.read(date), years=years, months=months, weeks=weeks, days=days)
    return f"{moment.isoformat()} ({dates.weekday(moment)})"


@tool(effects=())
def weekday(date: str) -> str:
    """Tell which day of the week a date is.

    Args:
        date: such as 2026-03-31.
    """
    return dates.weekday(dates.read(date))


def told(now: datetime, zone: str) -> str:
    """An instant as a clock in the zone shows it; an empty zone is the machine's own."""
    there = now.astimezone(zones.zone(zone) if zone.strip() else None)
    return f"{there.isoformat(timespec='seconds')} ({dates.weekday(there)}, {there.tzname()})"
