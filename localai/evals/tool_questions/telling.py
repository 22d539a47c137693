"""What of a tool's result answers a question, and whether an answer tells it.

Numbers may be grouped and rounded to two decimals, dates and times written in other ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

from localai.evals.task import Example

_WEEKDAY = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
_NOTHING = re.compile(
    r"\b(?:nothing|no|none|not|never|unable|without)\b|n['\u2019]t\b|\bcannot\b", re.IGNORECASE
)
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")


def tells(example: Example, result: str, text: str) -> bool:
    """Whether a text says what the tool found for the question."""
    kind = example.extra.get("tells") or example.tool or ""
    if "value" in example.extra:
        value = str(example.extra["value"])
        return value.casefold() in text.casefold() if value else bool(_NOTHING.search(text))
    return _TOLD.get(kind, _number)(result, text)


def moment(result: str) -> datetime:
    """The moment that a result of the clock or the calendar begins with."""
    return datetime.fromisoformat(result.split(" ", 1)[0])


def told(example: Example, result: str) -> str:
    """The part of a result that answers the question."""
    match example.extra.get("tells") or example.tool:
        case "time":
            return f"{moment(result):%H:%M}"
        case "date" | "date_add":
            return f"{moment(result).date()}"
        case "weekday" if named := _WEEKDAY.search(result):
            return named[0]
        case "year":
            return f"{moment(result).year}"
        case "month":
            return f"{moment(result):%B}"
    return result


def _number(result: str, text: str) -> bool:
    """Whether the text has the number: as it is, or rounded where it is long."""
    text, wanted = _GROUPED.sub("", text), {result}
    if len(result.partition(".")[2]) > 2:
        wanted.add(f"{float(result):.2f}")
    return any(re.search(rf"(?<![\d.]){re.escape(each)}(?!\.?\d)", text) for each in wanted)


def _time(result: str, text: str) -> bool:
    then = moment(result)
    hours = {f"{then:%H:%M}", f"{then.hour}:{then:%M}", f"{then.hour % 12 or 12}:{then:%M}"}
    return any(re.search(rf"(?<!\d){each}(?!\d)", text) for each in hours)


def _date(result: str, text: str) -> bool:
    then: date = moment(result).date()
    if f"{then}" in text:
        return True
    return f"{then:%B}" in text and bool(re.search(rf"(?<!\d){then.day}(?!\d)", text))


def _weekday(result: str, text: str) -> bool:
    named = _WEEKDAY.search(result)
    return named is not None and named[0] in text


def _duration(result: str, text: str) -> bool:
    return result in _GROUPED.sub("", text)


_TOLD: dict[str, Callable[[str, str], bool]] = {
    "time": _time,
    "date": _date,
    "weekday": _weekday,
    "year": lambda result, text: f"{moment(result).year}" in text,
    "month": lambda result, text: f"{moment(result):%B}" in text,
    "date_difference": _duration,
    "date_add": _date,
}
