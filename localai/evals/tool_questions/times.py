"""Questions for the clock and the calendar: what the time is, and what lies between dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from localai.evals.task import Example, Pool
from localai.evals.tool_questions.drawing import Draw
from localai.evals.tool_questions.wordings import made, mixed, wordings

UNITS = {"days": (2, 120), "weeks": (2, 20), "months": (2, 20), "years": (2, 40)}

KINDS = {"clock": 5, "zone": 3, "weekday": 3, "between": 4, "after": 3, "before": 2}
"""How many of them there are beside each other."""


def times(pool: Pool, count: int) -> list[Example]:
    """Up to so many questions."""
    draw, data = Draw(pool, "times"), wordings("time")[pool]
    clock = [_clock(*each) for each in data["clock"]]
    draw.random.shuffle(clock)
    share = count / sum(KINDS.values())
    makers: dict[str, Callable[[Draw, str], Example]] = {
        "zone": _zone,
        "weekday": _weekday,
        "between": _between,
        "after": _after,
        "before": _before,
    }
    found = [clock[: round(share * KINDS["clock"])]]
    for kind, make in makers.items():
        wanted = range(round(share * KINDS[kind]))
        asks = data[kind]
        drawn = [make(draw, asks[at % len(asks)]) for at in wanted]
        found.append([*{each.id: each for each in drawn}.values()])
    return mixed(found)


def _clock(ask: str, tells: str) -> Example:
    return made(ask, kind="clock", tool="clock", tells=tells)


def _zone(draw: Draw, ask: str) -> Example:
    city = draw.one(wordings("time")["cities"])
    where, say = {"zone": city}, [f"In {city} it is {{result}}."]
    return made(
        ask.format(city=city), kind="clock", tool="clock", arguments=where, say=say, tells="time"
    )


def _weekday(draw: Draw, ask: str) -> Example:
    day = draw.day()
    told = _told(draw, day)
    say = [f"{told[0].upper()}{told[1:]} is a {{result}}."]
    arguments = {"date": day.isoformat()}
    return made(ask.format(date=told), kind="date", tool="weekday", arguments=arguments, say=say)


def _between(draw: Draw, ask: str) -> Example:
    start, end = sorted((draw.day(), draw.day()))
    while (end - start).days > 2000:
        start, end = sorted((draw.day(), draw.day()))
    return made(
        ask.format(start=_told(draw, start), end=_told(draw, end)),
        kind="date",
        tool="date_difference",
        arguments={"start": start.isoformat(), "end": end.isoformat()},
        say=["That is {result}."],
    )


def _after(draw: Draw, ask: str, sign: int = 1) -> Example:
    day, unit = draw.day(), draw.any(list(UNITS))
    number = draw.whole(*UNITS[unit])
    return made(
        ask.format(date=_told(draw, day), n=number, unit=unit),
        kind="date",
        tool="date_add",
        arguments={"date": day.isoformat(), unit: sign * number},
        say=["That is {result}.", "The date is {result}."],
    )


def _before(draw: Draw, ask: str) -> Example:
    return _after(draw, ask, -1)


def _told(draw: Draw, day: date) -> str:
    """A date as people write it; the last way is asked in the gate pool alone."""
    month = day.strftime("%B")
    ways = (
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        day.isoformat(),
        f"the {day.day}{_ordinal(day.day)} of {month} {day.year}",
    )
    return draw.any(ways if draw.pool == "gate" else ways[:-1])


def _ordinal(day: int) -> str:
    return "th" if 10 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
