"""What a parser is told and what it reports; which calls are sound. Pure.

Whether a tool exists, and whether it may run, is not decided here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from localai.conversation import Reasoning, Text, ToolCall

LIMIT = 2**20
"""Characters of the longest call with its markup."""

DEPTH = 64
"""Brackets within brackets, at most."""

Schemas = Mapping[str, Mapping[str, Any]]
"""JSON schemas of the parameters of each offered tool, by its name; `{}`: not known."""

_NAME = re.compile(r"[^\W\d][\w.:/-]{0,127}")


class Rejected(msgspec.Struct, frozen=True, gc=False, tag="rejected"):
    """A call that is not well-formed: `raw` is part of the visible text, nothing is run."""

    raw: str
    reason: str


Event = Text | Reasoning | ToolCall | Rejected


class Context(msgspec.Struct, frozen=True):
    """What the caller knows before the model begins.

    `tools` are the offered ones. `inside` tells that the prompt has opened reasoning.
    `thinking` are the markers of the model's reasoning where they are not those of the
    format. With `separate` False reasoning stays in the text, with its markers.
    """

    tools: Schemas = {}
    inside: bool = False
    thinking: tuple[str, str] | None = None
    separate: bool = True


class Parser(Protocol):
    """Reads one answer as it comes. Neither method raises, whatever the text is."""

    def feed(self, text: str) -> list[Event]:
        """What is certain after more text; the result does not depend on how it was cut."""
        ...

    def end(self) -> list[Event]:
        """The rest, when nothing follows."""
        ...


class Malformed(Exception):
    """What has been read is no well-formed call; the message says why."""


class Unmarked(Malformed):
    """The marker stands in ordinary text; no call was begun."""


class Parsed(msgspec.Struct, frozen=True):
    """An answer as a whole. `content` holds the raw text of rejected calls, too."""

    content: str
    reasoning: str
    calls: tuple[ToolCall, ...]


def collect(events: Iterable[Event]) -> Parsed:
    """The answer that the events make up."""
    content, reasoning, calls = list[str](), list[str](), list[ToolCall]()
    for event in events:
        match event:
            case Text(text):
                content.append(text)
            case Rejected(raw):
                content.append(raw)
            case Reasoning(text):
                reasoning.append(text)
            case ToolCall():
                calls.append(event)
    return Parsed("".join(content), "".join(reasoning), tuple(calls))


def call(name: object, arguments: object, id: object = "") -> ToolCall:
    """A call, if it is one: a plain name, and arguments that JSON can hold.

    Raises Malformed. The id is the model's, empty where it gave none.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Malformed("the tool has no proper name")
    if not isinstance(arguments, dict) or not all(isinstance(key, str) for key in arguments):
        raise Malformed("the arguments are not an object")
    try:
        json.dumps([name, arguments, id], ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise Malformed("the arguments cannot be written as JSON") from error
    return ToolCall(str(id or ""), name, arguments)


def decode(text: str) -> Any:
    """The JSON value in `text`. Raises Malformed."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("this is not JSON") from error


def decode_object(text: str) -> dict[str, Any]:
    """The JSON object in `text`. Raises Malformed."""
    value = decode(text)
    if not isinstance(value, dict):
        raise Malformed("the arguments are not an object")
    return value
