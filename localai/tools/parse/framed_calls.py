"""Calls as a name and a JSON object, each between markers of its own.

Mistral's newer form, DeepSeek V3, R1 and V3.1, Kimi K2, Functionary and the custom tools
of Llama 3.x (`<function=name>{...}</function>`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from localai.conversation import ToolCall
from localai.tools.parse import json_calls
from localai.tools.parse.answer import Read, Section
from localai.tools.parse.calls import Context, Malformed, Unmarked, call, decode_object
from localai.tools.parse.source import SPACE, Source, Steps

NAME = re.compile(r"[\w.:/-]+")
_JSON_LIST = json_calls.section("")


def mistral(source: Source, context: Context) -> Steps[list[ToolCall]]:
    """Reads what follows `[TOOL_CALLS]`: an array of calls, or `name[ARGS]{...}` with an
    optional `[CALL_ID]id` in the middle."""
    yield from source.run(SPACE)
    if (yield from source.peek()) == "[":
        return (yield from _JSON_LIST(source, context))
    name, id = (yield from source.run(NAME)), ""
    marker = yield from source.literal("[ARGS]", "[CALL_ID]")
    if not name or not marker:
        raise Unmarked("no call follows")
    if marker == "[CALL_ID]":
        id = yield from source.run(NAME)
        yield from source.expect("[ARGS]")
    yield from source.run(SPACE)
    return [call(name, decode_object((yield from _object(source))), id)]


def function(source: Source, context: Context) -> Steps[list[ToolCall]]:
    """Reads what follows `<function=`: `name>{...}</function>`."""
    name = yield from source.run(NAME)
    if not name or not (yield from source.literal(">")):
        raise Unmarked("no call follows")
    yield from source.run(SPACE)
    arguments = yield from _object(source)
    yield from source.close("</function>")
    return [call(name, decode_object(arguments))]


class Frame(NamedTuple):
    """Markers of a list of calls, and of each call in it."""

    list_open: str
    list_close: str
    open: str
    middle: str
    close: str


DEEPSEEK = Frame(
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁sep｜>",
    "<｜tool▁call▁end｜>",
)
KIMI = Frame(
    "<|tool_calls_section_begin|>",
    "<|tool_calls_section_end|>",
    "<|tool_call_begin|>",
    "<|tool_call_argument_begin|>",
    "<|tool_call_end|>",
)


def sections(frame: Frame) -> tuple[Section, ...]:
    """The list, and a single call without the list's markers."""
    return (
        Section(
            frame.list_open,
            many(
                frame.open,
                frame.list_close,
                lambda source, context: _framed(frame, source),
                none=True,
            ),
            frame.list_close,
        ),
        Section(frame.open, _one(frame), frame.close),
    )


def many(
    open: str,
    close: str,
    one: Callable[[Source, Context], Steps[ToolCall]],
    *,
    none: bool = False,
) -> Read:
    """Reads calls, each after `open`, up to `close`, which may be missing at the end of the
    text. `none`: there may be no call at all, where a model writes an empty list."""

    def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
        calls: list[ToolCall] = []
        while True:
            yield from source.run(SPACE)
            if calls and not (yield from source.more()):
                return calls
            marker = yield from source.literal(open, close)
            if marker == open:
                calls.append((yield from one(source, context)))
            elif marker and (calls or none):
                return calls
            elif not calls:
                raise Unmarked("no call follows")
            else:
                raise Malformed(f"{close} is missing")

    return read


def _one(frame: Frame) -> Read:
    def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
        return [(yield from _framed(frame, source))]

    return read


def _framed(frame: Frame, source: Source) -> Steps[ToolCall]:
    name = yield from source.run(NAME)
    yield from source.expect(frame.middle)
    yield from source.run(SPACE)
    fenced, id = False, ""
    if frame is DEEPSEEK and name == "function" and (yield from source.peek()) != "{":
        name, fenced = (yield from source.run(NAME)), True
        yield from source.run(SPACE)
        yield from source.expect("```json")
        yield from source.run(SPACE)
    if frame is KIMI:
        name, id = name.rsplit(":", 1)[0].removeprefix("functions."), name
    arguments = yield from _object(source)
    if fenced:
        yield from source.run(SPACE)
        yield from source.expect("```")
    yield from source.close(frame.close)
    return call(name, decode_object(arguments), id)


def _object(source: Source) -> Steps[str]:
    if (yield from source.peek()) == "{":
        return (yield from source.balanced())
    yield from source.expect("{")
    return ""
