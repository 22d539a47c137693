"""A time that a command may take, as an option."""

from __future__ import annotations

import re

import click

_BUDGET = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
SHORTEST_BUDGET = 120


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
