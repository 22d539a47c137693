"""Calls as JSON between markers, and as the whole answer.

Hermes, Qwen 2.5 and 3, Mistral up to Nemo, Command R7B, Apriel, Apertus, Granite,
FireFunction, GigaChat: the markers differ, and the names of the keys. Llama 3.x writes
its JSON bare, and some models write the message of OpenAI's API.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localai.conversation import ToolCall
from localai.tools.parse.answer import Read
from localai.tools.parse.calls import Context, Malformed, Unmarked, call, decode, decode_object
from localai.tools.parse.source import SPACE, Source, Steps

NAMES = ("name", "tool_name", "function")
ARGUMENTS = ("arguments", "parameters")
IDS = ("id", "tool_call_id")
FIRST_KEYS = tuple(f'"{key}"' for key in (*NAMES, *ARGUMENTS, *IDS, "type", "tool_calls"))

Shape = Callable[[Any], list[ToolCall]]


def listed(value: Any) -> list[ToolCall]:
    """The calls of a decoded value: one, a list of them, or a message that holds one.
    Raises Malformed."""
    if isinstance(value, dict) and "tool_calls" in value:
        value = value["tool_calls"]
    found = [_single(each) for each in (value if isinstance(value, list) else [value])]
    if not found:
        raise Malformed("the list of calls is empty")
    return found


def keyed(value: Any) -> list[ToolCall]:
    """Calls written as `{name: arguments}`. Raises Malformed."""
    calls = value if isinstance(value, list) else [value]
    if not calls or not all(isinstance(each, dict) and len(each) == 1 for each in calls):
        raise Malformed("each call must be an object with the tool's name as its key")
    return [call(name, arguments) for each in calls for name, arguments in each.items()]


def _single(value: Any) -> ToolCall:
    if not isinstance(value, dict):
        raise Malformed("a call must be an object")
    id = _first(value, IDS) or ""
    if isinstance(value.get("function"), dict):
        value = value["function"]
    arguments = _first(value, ARGUMENTS)
    if isinstance(arguments, str):
        arguments = decode_object(arguments)
    return call(_first(value, NAMES), arguments, id)


def _first(value: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((value[key] for key in keys if key in value), None)


def section(close: str, shape: Shape = listed) -> Read:
    """Reads `value close`."""

    def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
        yield from source.run(SPACE)
        if (yield from source.peek()) not in ("{", "["):
            raise Unmarked("no JSON follows")
        text = yield from source.balanced()
        if close:
            yield from source.close(close)
        return shape(decode(text))

    return read


def bare(source: Source, context: Context) -> Steps[list[ToolCall]]:
    """Reads an object that is a call or a message with calls, and nothing else: JSON that
    somebody asked for looks much like it."""
    yield from source.expect("{")
    yield from source.run(SPACE)
    key = yield from source.literal(*FIRST_KEYS)
    if not key:
        raise Unmarked("the object is no call")
    text = yield from source.balanced(opened="{" + key)
    value = decode(text)
    known = {*NAMES, *ARGUMENTS, *IDS, "type", "tool_calls", "role", "content"}
    if not isinstance(value, dict) or not value.keys() <= known:
        raise Unmarked("the object is no call")
    if "tool_calls" not in value and not any(key in value for key in ARGUMENTS):
        raise Unmarked("the object is no call")
    return listed(value)


def or_else(start: str, other: Read) -> Read:
    """Reads JSON where `start` follows, and what `other` reads elsewhere."""
    json = section("")

    def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
        yield from source.run(SPACE)
        found = (yield from source.peek()) == start
        return (yield from (json if found else other)(source, context))

    return read
