"""Reads an answer: visible text, reasoning, and sections that hold calls.

What is common to all formats but gpt-oss's. A format is a `Style`; how the inside of a
section is read stands in the files of the families.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from localai.conversation import Text, ToolCall
from localai.tools.calls import Context, Event, Malformed, Unmarked
from localai.tools.output import Output, Trim
from localai.tools.source import SPACE, Markers, Source, Steps

Read = Callable[[Source, Context], Steps[list[ToolCall]]]
"""Reads the rest of a section. Raises Unmarked where no call was begun, and Malformed."""

TRIM = Trim()
THINK = ("<think>", "</think>")
LINE_ENDS = ("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|endoftext|>", "</s>")
"""End-of-turn tokens, for streams that spell them out."""


class Section(NamedTuple):
    """Markup that holds calls. The rest of a malformed one goes up to `close`."""

    open: str
    read: Read
    close: str = ""


class Style(NamedTuple):
    """A format. `hidden` is markup that is left out. `bare` reads calls that stand
    without markers at the beginning of an answer and start with one of `starts`.
    `calls_end_thinking`: a section within reasoning ends it, as the model forgets to.
    `label` is a first line of reasoning that belongs to its marker."""

    sections: tuple[Section, ...]
    thinking: tuple[str, str] = THINK
    hidden: tuple[str, ...] = LINE_ENDS
    starts: tuple[str, ...] = ()
    bare: Read | None = None
    trim: Trim = TRIM
    calls_end_thinking: bool = False
    thinks_anywhere: bool = False
    label: str = ""


Reader = Callable[[Source, Output, Context], Steps[None]]


class StreamParser:
    """A `Parser` around a reader."""

    def __init__(self, reader: Reader, context: Context, trim: Trim = TRIM) -> None:
        self._source = Source()
        self._output = Output(trim, context.separate)
        self._steps = reader(self._source, self._output, context)
        next(self._steps, None)

    def feed(self, text: str) -> list[Event]:
        """See `Parser`."""
        if not text:
            return []
        if self._source.ended:
            return [Text(text)]
        self._source.feed(text)
        next(self._steps, None)
        return self._output.drain()

    def end(self) -> list[Event]:
        """See `Parser`."""
        if not self._source.ended:
            self._source.ended = True
            next(self._steps, None)
            self._output.end()
        return self._output.drain()


def parser(style: Style, context: Context) -> StreamParser:
    """A parser for one answer in this style."""
    return StreamParser(Answer(style).read, context, style.trim)


class Answer:
    """The reader of a style."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._sections = {section.open: section for section in style.sections}

    def read(self, source: Source, output: Output, context: Context) -> Steps[None]:
        """Read all of it."""
        style, sections = self._style, self._sections
        opened, closed = context.thinking or style.thinking
        markers = Markers((opened, closed, *sections, *style.hidden))
        ends = Markers((opened, closed, *(sections if style.calls_end_thinking else ())))
        marker = opened if context.inside else ""
        if context.inside:
            output.opened(opened + "\n")
        while True:
            if marker == opened:
                marker = yield from think(source, output, ends, opened, style.label)
                output.closed(marker if marker == closed else "")
            if marker in sections:
                yield from section(source, output, context, sections[marker])
            if style.bare and output.fresh:
                yield from self._bare(source, output, context, style.bare)
            marker = yield from source.until(markers, output.text)
            if not marker:
                return
            if marker == opened and (output.fresh or style.thinks_anywhere):
                output.opened(marker)
            elif marker in style.hidden or (marker == closed and output.fresh and context.separate):
                output.markup()
            elif marker not in sections:
                output.text(marker)
                marker = ""

    def _bare(self, source: Source, output: Output, context: Context, read: Read) -> Steps[None]:
        """Calls without markers, at the beginning."""
        while True:
            output.text((yield from source.run(SPACE)))
            if (yield from source.peek()) not in self._style.starts:
                return
            if not (yield from section(source, output, context, Section("", read))):
                return
            yield from source.run(SPACE)
            yield from source.literal(";")


def think(source: Source, output: Output, ends: Markers, opened: str, label: str) -> Steps[str]:
    """Read reasoning; what ends it ("" at the end of the text). A model that opens once
    more what the prompt has opened means the same reasoning."""
    begun = False

    def show(text: str) -> None:
        nonlocal begun
        begun = begun or not text.isspace()
        output.thought(text)

    while True:
        if label and (yield from source.literal(label)) and not output.separate:
            show(label)
        marker = yield from source.until(ends, show)
        if marker != opened:
            return marker
        if begun or not output.separate:
            show(marker)


def section(source: Source, output: Output, context: Context, what: Section) -> Steps[bool]:
    """Read a section, whose marker was taken. False when it stays text."""
    source.keep(what.open)
    try:
        calls = yield from what.read(source, context)
    except Unmarked:
        output.text(source.kept())
        return False
    except Malformed as error:
        raw = source.kept()
        output.rejected(raw, str(error))
        if what.close and not raw.endswith(what.close):
            output.text((yield from source.until(Markers([what.close]), output.text)))
        return False
    source.kept()
    output.called(calls)
    return True
