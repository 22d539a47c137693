"""Calls as tags, each parameter in its own, with values as bare text.

Qwen3-Coder, Qwen3.5, Nemotron 3, Step 3.5, Seed-OSS, MiniCPM5, MiniMax M2, DeepSeek V3.2
and V4 (DSML), Kimi K3; GLM 4.5 to 4.7 and Ling with a pair of tags for each parameter.
What a value is, a number or a string, the tool's schema says.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from localai.conversation import ToolCall
from localai.tools.parse import framed_calls, schema
from localai.tools.parse.answer import Read, Section
from localai.tools.parse.calls import Context, Malformed, Unmarked, call
from localai.tools.parse.source import SPACE, Markers, Source, Steps

KEY = re.compile(r'[^<>"\r\n|]+')
_ATTRIBUTES = re.compile(r'[\w\s="-]+')
_STRING = re.compile(r'\b(?:string="true"|type="string")')


class Tags(NamedTuple):
    """How a call, a parameter and their ends are written; names follow the openings."""

    call: str
    parameter: str
    head_end: str
    value_end: str
    call_end: str


QWEN = Tags("<function=", "<parameter=", ">", "</parameter>", "</function>")
MINICPM = Tags('<function name="', '<param name="', ">", "</param>", "</function>")
INVOKE = Tags('<invoke name="', '<parameter name="', ">", "</parameter>", "</invoke>")
DSML = Tags(
    '<｜DSML｜invoke name="',
    '<｜DSML｜parameter name="',
    ">",
    "</｜DSML｜parameter>",
    "</｜DSML｜invoke>",
)
KIMI = Tags(
    '<|open|>call tool="',
    '<|open|>argument key="',
    "<|sep|>",
    "<|close|>argument<|sep|>",
    "<|close|>call<|sep|>",
)


def wrapped(tags: Tags, open: str, close: str) -> Section:
    """A section of one call or more."""
    read = framed_calls.many(tags.call, close, lambda source, context: _call(tags, source, context))
    return Section(open, read, close)


def single(tags: Tags, close: str = "") -> Section:
    """A call without the wrapper's opening, as models write it now and then; the
    wrapper's end may follow."""

    def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
        found = yield from _call(tags, source, context)
        if close:
            yield from source.run(SPACE)
            yield from source.literal(close)
        return [found]

    return Section(tags.call, read, tags.call_end)


def _call(tags: Tags, source: Source, context: Context) -> Steps[ToolCall]:
    """A call whose opening was taken."""
    name, _ = yield from _head(tags, source, framed_calls.NAME, Unmarked)
    known = schema.parameters(context.tools, name)
    arguments: dict[str, Any] = {}
    yield from source.run(SPACE)
    marker = yield from source.expect(tags.parameter, tags.call_end)
    while marker == tags.parameter:
        key, attributes = yield from _head(tags, source, KEY, Malformed)
        following = (tags.parameter, tags.call_end)
        text, marker = yield from _value(source, Markers([tags.value_end]), following)
        if tags is QWEN and text.startswith("\n"):
            text = text[1:].removesuffix("\n")
        string = _STRING.search(attributes)
        arguments[key] = text if string else schema.value(text, known.get(key))
    return call(name, arguments)


def _head(
    tags: Tags, source: Source, pattern: re.Pattern[str], error: type[Malformed]
) -> Steps[tuple[str, str]]:
    """A name, and the attributes after it."""
    name, attributes = (yield from source.run(pattern)), ""
    if name and tags.call.endswith('"'):
        if not (yield from source.literal('"')):
            raise error("the name has no end")
        attributes = yield from source.run(_ATTRIBUTES)
    if not name or not (yield from source.literal(tags.head_end)):
        raise error("the name has no end")
    return name.strip(), attributes


def _value(source: Source, end: Markers, following: tuple[str, ...]) -> Steps[tuple[str, str]]:
    """A value, and what follows its end. An end with nothing of `following` after it is
    part of the value."""
    pieces: list[str] = []
    while True:
        text, marker = yield from source.upto(end)
        space = yield from source.run(SPACE)
        found = yield from source.literal(*following)
        pieces.append(text)
        if found:
            return "".join(pieces), found
        if not (yield from source.more()):
            raise Malformed("the call is cut off")
        pieces += (marker, space)


def pairs(close: str) -> Read:
    """Reads GLM's `name<arg_key>k</arg_key><arg_value>v</arg_value>close`."""
    value_end, key_end = Markers(["</arg_value>"]), Markers(["</arg_key>"])

    def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
        yield from source.run(SPACE)
        name = yield from source.run(framed_calls.NAME)
        yield from source.run(SPACE)
        marker = yield from source.literal("<arg_key>", close)
        if not name or not marker:
            raise Unmarked("no call follows")
        known = schema.parameters(context.tools, name)
        arguments: dict[str, Any] = {}
        while marker != close:
            key, _ = yield from source.upto(key_end)
            yield from source.run(SPACE)
            yield from source.expect("<arg_value>")
            text, marker = yield from _value(source, value_end, ("<arg_key>", close))
            arguments[key] = schema.value(text, known.get(key))
        return [call(name, arguments)]

    return read
