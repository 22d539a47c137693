"""Reads whole answers in pieces, for the tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from localai.conversation import Reasoning, Text, ToolCall
from localai.tools.parse import formats
from localai.tools.parse.calls import Context, Event, Parsed, Rejected, collect


def events(name: str, pieces: Iterable[str], context: Context | None = None) -> list[Event]:
    """Everything that a parser reports for text that arrives in these pieces."""
    parser = formats.parser(name, context)
    found = [event for piece in pieces for event in parser.feed(piece)]
    return [*found, *parser.end()]


def read(name: str, text: str, context: Context | None = None) -> Parsed:
    """An answer that arrives at once."""
    return collect(events(name, [text], context))


def kinds(found: Sequence[Event]) -> list[tuple[type, object]]:
    """The events with neighbouring text joined, which chunks may part."""
    joined: list[tuple[type, object]] = []
    for event in found:
        what = event.text if isinstance(event, Text | Reasoning) else event
        if isinstance(what, str) and joined and joined[-1][0] is type(event):
            joined[-1] = (type(event), f"{joined[-1][1]}{what}")
        else:
            joined.append((type(event), what))
    return joined


def cut(text: str, places: Iterable[int]) -> list[str]:
    """The text in pieces, cut at these places."""
    inside = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[a:b] for a, b in pairwise(inside)]


def every_split(text: str) -> Iterable[list[str]]:
    """In two at each place, and character by character."""
    yield list(text)
    for at in range(len(text) + 1):
        yield [text[:at], text[at:]]


def calls(parsed: Parsed) -> list[tuple[str, object]]:
    """Names and arguments."""
    return [(each.name, each.arguments) for each in parsed.calls]


def rejected(found: Sequence[Event]) -> list[str]:
    """The raw texts of calls that were not well-formed."""
    return [event.raw for event in found if isinstance(event, Rejected)]


def called(found: Sequence[Event]) -> list[ToolCall]:
    """The calls among the events."""
    return [event for event in found if isinstance(event, ToolCall)]
