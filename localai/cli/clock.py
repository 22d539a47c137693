"""Lengths of time, times of day and days of the week, as they are typed."""

from __future__ import annotations

import re
from datetime import time

import click

from localai.schedule.nights import DAYS

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_BUDGET = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
SHORTEST_BUDGET = 120
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Budget(click.ParamType[float]):
    """A time such as 12m, 90s, 1h30m; in seconds."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds. Fails in one sentence."""
        if isinstance(value, float | int):
            return float(value)
        found = _BUDGET.fullmatch(str(value).strip())
        if not found or not any(found.groups()):
            self.fail(f"{value!r} is no time; write 12m, 90s or 1h30m.", param, ctx)
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        total = 3600 * hours + 60 * minutes + seconds
        if total < SHORTEST_BUDGET:
            self.fail("that is too short to learn anything; give at least 2m.", param, ctx)
        return float(total)


class TimeOfDay(click.ParamType[time]):
    """A time such as 02:00 or 22:30."""

    name = "HH:MM"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> time:
        """Fails in one sentence."""
        if isinstance(value, time):
            return value
        found = _TIME.fullmatch(str(value).strip())
        if not found:
            self.fail(f"{value!r} is no time of day; write 02:00 or 22:30.", param, ctx)
        return time(int(found[1]), int(found[2]))


class Days(click.ParamType[frozenset[int]]):
    """Days such as mon,tue or Monday; 0 is Monday."""

    name = "DAY[,DAY]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[int]:
        """Fails in one sentence."""
        if isinstance(value, frozenset):
            return value
        numbers = {name: day for names in (DAYS, _NAMES) for day, name in enumerate(names)}
        typed = [name.strip().lower() for name in str(value).split(",")]
        if wrong := [name for name in typed if name not in numbers]:
            self.fail(f"{wrong[0]!r} is no day; write mon,tue,wed,thu,fri,sat,sun.", param, ctx)
        return frozenset(numbers[name] for name in typed)
