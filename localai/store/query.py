"""What somebody types to search, taken apart: words, "exact phrases", -unwanted ones, filters.

Nothing that is typed is an error but a filter that is none, and that is a sentence. Pure;
what a filter means in SQL is in `filters`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import get_args

import msgspec

from localai.conversation import Role
from localai.errors import QueryError

MOST = 64
"""Words, and unwanted words, that are looked for; FTS5 parses no more than some hundreds."""

LONGEST = 2_000
"""Characters that are looked at; a pasted page is no query."""

EXAMPLES = {
    "role": "role:user",
    "model": "model:NAME",
    "tool": "tool:NAME",
    "has": "has:correction",
    "before": "before:2026-01-31",
    "after": "after:2026-01",
}
"""Every filter, as it may be typed."""

HAS = ("correction", "code")

_PART = re.compile(r'-?(?:[A-Za-z]+:)?"[^"]*"?|\S+')
_FILTER = re.compile(r"([A-Za-z]+):(.*)", re.DOTALL)
_TOKEN = re.compile(r"[^\W_]+")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


class Phrase(msgspec.Struct, frozen=True):
    """One word or several in a row; the last may be `begun`, that is, go on."""

    text: str
    begun: bool = False

    @property
    def fts(self) -> str:
        """As FTS5 reads it, quoted, so that no sign in it is syntax."""
        return '"' + self.text.replace('"', '""') + '"' + "*" * self.begun


class Filter(msgspec.Struct, frozen=True):
    """A condition: the filter's name, and its value in small letters or as a Unix time."""

    name: str
    value: str | float
    unwanted: bool = False


class Query(msgspec.Struct, frozen=True):
    """What is looked for; all of it must hold."""

    wanted: tuple[Phrase, ...] = ()
    unwanted: tuple[Phrase, ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def fts(self) -> str:
        """The words as an FTS5 query, "" without wanted ones."""
        words = " ".join(phrase.fts for phrase in self.wanted)
        return f"({words}) NOT ({self.fts_unwanted})" if words and self.unwanted else words

    @property
    def finished(self) -> Query:
        """The same with the last word as it stands."""
        words = tuple(Phrase(phrase.text) for phrase in self.wanted)
        return Query(words, self.unwanted, self.filters)

    @property
    def fts_unwanted(self) -> str:
        """An FTS5 query for texts with any of the unwanted words."""
        return " OR ".join(phrase.fts for phrase in self.unwanted)


def parse(typed: str) -> Query:
    """Take apart what was typed; its last word may be unfinished if nothing follows it.

    Raises QueryError for an unknown filter or an impossible value.
    """
    typed = typed[:LONGEST].replace("\0", " ")
    parts = _PART.findall(typed)
    wanted: list[Phrase] = []
    unwanted: list[Phrase] = []
    filters: list[Filter] = []
    for number, part in enumerate(parts, 1):
        no = part.startswith("-") and not part.startswith("--")
        body = part[no:]
        if (found := _filter(body, no)) is not None:
            filters.append(found)
        elif _TOKEN.search(body):
            begun = not no and number == len(parts) and typed.endswith(part)
            (unwanted if no else wanted).append(_phrase(body, begun))
    return Query(tuple(wanted[:MOST]), tuple(unwanted[:MOST]), tuple(filters))


def _phrase(body: str, begun: bool) -> Phrase:
    """A word or a quoted phrase, which is begun only while its quote is open.

    A lone letter stands for itself: all words with one letter at the start are too many
    to gather at each key.
    """
    quoted = body.startswith('"')
    text = body.strip('"') if quoted else body
    last = _TOKEN.findall(text)[-1]
    letter = len(last) == 1 and (last.lower() != last.upper() or last.isdigit())
    ends = text.endswith(last)
    closed = quoted and len(body) > 1 and body.endswith('"')
    return Phrase(text, begun and ends and not closed and not letter)


def _filter(body: str, unwanted: bool) -> Filter | None:
    """The filter that a part of the query is, None for a word."""
    match = _FILTER.fullmatch(body)
    if match is None:
        return None
    name, value = match[1].lower(), match[2].strip('"').lower()
    if name in EXAMPLES:
        return Filter(name, _value(name, value), unwanted)
    if not value or not (match[2].startswith('"') or match[2][0].isalnum()):
        return None  # "note:", "https://…", "std::vector"
    known = ", ".join(EXAMPLES.values())
    raise QueryError(
        f"There is no filter {name}: (there are {known}); "
        f'write it in quotes to look for the text: "{body}".'
    )


def _value(name: str, value: str) -> str | float:
    """A filter's value, checked. Raises QueryError."""
    choices = {"role": get_args(Role), "has": HAS}.get(name, ())
    if choices and value not in choices:
        *others, last = choices
        raise QueryError(f"Write {name}: with {', '.join(others)} or {last}, not “{value}”.")
    if name in ("before", "after"):
        return _time(name, value)
    if not value:
        raise QueryError(f"Write a name after {name}:, as in {EXAMPLES[name]}.")
    return value


def _time(name: str, value: str) -> float:
    """When a day, month or year begins here, as a Unix time. Raises QueryError."""
    days = {"today": 0, "yesterday": 1}
    try:
        if value in days:
            day = date.today() - timedelta(days=days[value])
        elif (match := _DATE.fullmatch(value)) is not None:
            day = date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
        else:
            raise ValueError(value)
        return datetime(day.year, day.month, day.day).timestamp()
    except (ValueError, OverflowError, OSError):
        raise QueryError(
            f"Write a day, month or year after {name}:, as in {name}:2026-01-31, {name}:2026-01, "
            f"{name}:2026 or {name}:yesterday, not “{value}”."
        ) from None
