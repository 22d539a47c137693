"""The channels of gpt-oss (the harmony format).

A message is a header, `<|message|>`, a body and an end token. The channel in the header
tells what the body is: `analysis` is reasoning, all else visible text; `to=functions.f`
makes it the arguments of a call. The prompt ends with `<|start|>assistant`, so that an
answer begins within a header.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from localai.conversation import ToolCall
from localai.tools.parse.answer import Section, section
from localai.tools.parse.calls import Context, Malformed, call, decode_object
from localai.tools.parse.output import Output
from localai.tools.parse.source import SPACE, Markers, Source, Steps

START, CHANNEL, MESSAGE = "<|start|>", "<|channel|>", "<|message|>"
ENDS = ("<|end|>", "<|call|>", "<|return|>")
LONGEST_HEADER = 512

_MARKERS = Markers((START, CHANNEL, MESSAGE, *ENDS))
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
_HEADER = re.compile(r"(?:[\w.:=\s-]|<\|(?:start|channel|constrain|message)\|>)*+")
_RECIPIENT = re.compile(r"\bto=([\w.:-]+)")


def read(source: Source, output: Output, context: Context) -> Steps[None]:
    """Read all of it."""
    thinking, marker = context.inside, ""
    if thinking:
        output.opened(f"{CHANNEL}analysis{MESSAGE}")
    else:
        marker = yield from source.literal(" to=")
    while True:
        if marker in (START, CHANNEL, " to="):
            header = yield from _header(source, output, marker)
            thinking = bool(header) and (yield from _body(source, output, context, header))
        show: Callable[[str], None] = output.thought if thinking else output.text
        marker = yield from source.until(_MARKERS, show)
        if not marker:
            return
        if thinking:
            output.closed(marker)
        else:
            output.markup()
        thinking = False


def _header(source: Source, output: Output, marker: str) -> Steps[str]:
    """A header up to `<|message|>`; "" when it is none, and then it is text."""
    source.keep(marker, LONGEST_HEADER)
    try:
        while marker != MESSAGE:
            _, marker = yield from source.upto(_MARKERS)
            if marker in ENDS:
                raise Malformed("the header has no message")
    except Malformed:
        output.text(source.kept())
        return ""
    header = source.kept()
    if _HEADER.fullmatch(header):
        return header
    output.text(header)
    return ""


def _body(source: Source, output: Output, context: Context, header: str) -> Steps[bool]:
    """Whether the body after this header is reasoning; reads it if it is a call."""
    recipient: str = ["", *_RECIPIENT.findall(header)][-1]
    channel: str = ["", *_CHANNEL.findall(header)][-1]
    if recipient.startswith("functions.") or recipient in context.tools:
        name = recipient.removeprefix("functions.")
        yield from section(source, output, context, Section(header, _arguments(name)))
        return False
    if recipient not in ("", "assistant"):
        output.rejected(header, f"{recipient} is no function")
        return False
    if channel == "analysis":
        output.opened(header)
    return channel == "analysis"


def _arguments(name: str) -> Callable[[Source, Context], Steps[list[ToolCall]]]:
    def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
        yield from source.run(SPACE)
        if (yield from source.peek()) != "{":
            raise Malformed("the arguments are not an object")
        text = yield from source.balanced()
        yield from source.run(SPACE)
        if (yield from source.more()):
            yield from source.expect(*ENDS)
        return [call(name, decode_object(text))]

    return read
