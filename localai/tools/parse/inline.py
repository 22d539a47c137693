"""This project's own calls, for models that were taught no other format.

A call is a line of its own, `search("fjord")` or `calculator(expression="6*7")`, and
counts only if the tool was offered. A value without a name belongs to the parameter in
its place in the tool's schema (`input` where there is none).
"""

from __future__ import annotations

import json
import re

from localai.conversation import ToolCall
from localai.tools.parse import pythonic
from localai.tools.parse.answer import Read, Section, Style
from localai.tools.parse.calls import Context, Unmarked
from localai.tools.parse.source import Source, Steps

_SPACE = re.compile(r"[ \t]+")


def written(call: ToolCall) -> str:
    """The call as `style` reads it."""
    values = (f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in call.arguments.items())
    return f"{call.name}({', '.join(values)})"


def style(context: Context) -> Style:
    """The style for the tools that are offered."""
    openings = tuple(f"{name}(" for name in context.tools if pythonic.NAME.fullmatch(name))

    def first(source: Source, context: Context) -> Steps[list[ToolCall]]:
        opening = yield from source.literal(*openings)
        if not opening:
            raise Unmarked("no call follows")
        return (yield from _line(source, context, opening))

    return Style(
        tuple(Section("\n" + opening, _after(opening)) for opening in openings),
        starts=tuple({opening[0] for opening in openings}),
        bare=first,
    )


def _after(opening: str) -> Read:
    def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
        return (yield from _line(source, context, opening))

    return read


def _line(source: Source, context: Context, opening: str) -> Steps[list[ToolCall]]:
    text = yield from source.balanced("\"'", opened=opening)
    yield from source.run(_SPACE)
    if (yield from source.peek()) not in ("", "\r", "\n"):
        raise Unmarked("the line goes on")
    return [pythonic.call_of(pythonic.parse(text), context.tools)]
