"""Reads an answer: visible text, reasoning, and sections that hold calls.

What is common to all formats but gpt-oss's. A format is a `Style`; how the inside of a
section is read stands in the files of the families.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from localai.conversation import Text, ToolCall
from localai.tools.parse.calls import Context, Event, Malformed, Unmarked
from localai.tools.parse.output import Output, Trim
from localai.tools.parse.source import SPACE, Markers, Source, Steps

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

    @property
    def waiting(self) -> int:
        """Characters that may be the beginning of a marker, and are looked at again."""
        return self._source.waiting

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
    return StreamParser(Answer(style, context).read, context, style.trim)


class Answer:
    """The reader of a style, for one answer."""

    def __init__(self, style: Style, context: Context) -> None:
        self._style, self._context = style, context
        self._opened, self._closed = context.thinking or style.thinking
        self._sections = {section.open: section for section in style.sections}
        self._markers = Markers((self._opened, self._closed, *self._sections, *style.hidden))
        within = self._sections if style.calls_end_thinking else ()
        self._ends = Markers((self._opened, self._closed, *within))

    def read(self, source: Source, output: Output, context: Context) -> Steps[None]:
        """Read all of it."""
        if context.inside:
            output.opened(self._opened + "\n")
            yield from self._think(source, output)
        while True:
            if output.fresh and self._style.bare:
                yield from self._bare(source, output, self._style.bare)
            marker = yield from source.until(self._markers, output.text)
            if not marker:
                return
            if marker in self._sections:
                yield from section(source, output, context, self._sections[marker])
            elif marker == self._opened and (output.fresh or self._style.thinks_anywhere):
                output.opened(marker)
                yield from self._think(source, output)
            elif marker in self._style.hidden or self._closes_nothing(marker, output):
                output.markup()
            else:
                output.text(marker)

    def _closes_nothing(self, marker: str, output: Output) -> bool:
        """Whether this is the end of reasoning that the prompt has opened, unknown to us."""
        return marker == self._closed and output.fresh and output.separate

    def _think(self, source: Source, output: Output) -> Steps[None]:
        """Read reasoning and what ends it. A model that opens once more what the prompt
        has opened means the same reasoning."""
        begun = False

        def show(text: str) -> None:
            nonlocal begun
            begun = begun or not text.isspace()
            output.thought(text)

        while True:
            label = self._style.label
            if label and (yield from source.literal(label)) and not output.separate:
                show(label)
            marker = yield from source.until(self._ends, show)
            if marker == self._closed:
                output.closed(marker)
            if marker in ("", self._closed):
                return
            if marker in self._sections:
                tried = yield from attempt(source, self._context, self._sections[marker])
                if isinstance(tried, list):
                    output.closed("")
                    output.called(tried)
                    return
                show(tried.raw)
            elif begun or not output.separate:
                show(marker)

    def _bare(self, source: Source, output: Output, read: Read) -> Steps[None]:
        """Calls without markers, at the beginning."""
        while True:
            output.text((yield from source.run(SPACE)))
            if (yield from source.peek()) not in self._style.starts:
                return
            if not (yield from section(source, output, self._context, Section("", read))):
                return
            yield from source.run(SPACE)
            yield from source.literal(";")


class Failure(NamedTuple):
    """A section that stays text, and why."""

    raw: str
    error: Malformed


def attempt(source: Source, context: Context, what: Section) -> Steps[list[ToolCall] | Failure]:
    """The calls of a section whose marker was taken."""
    source.keep(what.open)
    try:
        calls = yield from what.read(source, context)
    except Malformed as error:
        return Failure(source.kept(), error)
    source.kept()
    return calls


def section(source: Source, output: Output, context: Context, what: Section) -> Steps[bool]:
    """Read a section, whose marker was taken. False when it stays text."""
    tried = yield from attempt(source, context, what)
    if isinstance(tried, list):
        output.called(tried)
        return True
    raw, error = tried
    if isinstance(error, Unmarked):
        output.text(raw)
        return False
    output.rejected(raw, str(error))
    if what.close and not raw.endswith(what.close):
        output.text((yield from source.until(Markers([what.close]), output.text)))
    return False
