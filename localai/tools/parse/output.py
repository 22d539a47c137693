"""Collects what a parser finds, and decides which white space belongs to the markup.

White space beside a call or reasoning is shown only where it parts two texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from localai.conversation import Reasoning, Text, ToolCall
from localai.tools.parse.calls import Event, Rejected

SPACES = " \t\r\n"


class Trim(NamedTuple):
    """White space that belongs to a format's markup: around reasoning, and between the
    text and a call after it."""

    reasoning: bool = True
    content: bool = True


class Output:
    """Events in order; `fresh` is True until there is visible text."""

    def __init__(self, trim: Trim, separate: bool) -> None:
        self._events: list[Event] = []
        self._trim = trim
        self.separate = separate
        self._space: list[str] = []  # held back: after text, or before the first
        self._beside = False  # the space held stands beside markup,
        self._before = 0  # and so many pieces of it before that
        self._begun = False  # this reasoning has text
        self._pause: list[str] = []  # held back within reasoning
        self.last = ""
        self.fresh = True

    def drain(self) -> list[Event]:
        """The events since the last time."""
        events, self._events = self._events, []
        return events

    def text(self, text: str) -> None:
        """Visible text."""
        solid = text.rstrip(SPACES)
        if not solid:
            self._space.append(text)
            return
        before = "" if self.fresh and self._beside else "".join(self._space)
        start = solid.lstrip(SPACES) if self.fresh and self._beside else solid
        self._events.append(Text(before + start))
        self._space = [text[len(solid) :]]
        self._beside = self.fresh = False
        self.last = solid[-1]

    def rejected(self, raw: str, reason: str) -> None:
        """A call that stays text."""
        self._release()
        self._events.append(Rejected(raw, reason))
        self._beside = self.fresh = False

    def called(self, calls: Iterable[ToolCall]) -> None:
        """Complete calls."""
        if not self._trim.content and not self.fresh and not self._beside:
            self._release()
        self._events += calls
        self.markup()

    def markup(self) -> None:
        """Something that is not shown stands here. Of the white space around several in a
        row what comes before the first and after the last is kept."""
        if self.fresh:
            self._space = []
        elif self._beside:
            del self._space[self._before :]
        self._before = len(self._space)
        self._beside = True

    def opened(self, marker: str) -> None:
        """Reasoning begins."""
        self._begun, self._pause = False, []
        if self.separate:
            self.markup()
        else:
            self.text(marker)

    def thought(self, text: str) -> None:
        """A piece of reasoning."""
        if not self.separate:
            self.text(text)
            return
        if not self._begun and self._trim.reasoning:
            text = text.lstrip(SPACES)
        solid = text.rstrip(SPACES) if self._trim.reasoning else text
        if solid:
            self._events.append(Reasoning("".join(self._pause) + solid))
            self._pause, self._begun = [], True
        self._pause.append(text[len(solid) :])

    def closed(self, marker: str) -> None:
        """Reasoning ends; `marker` is empty where a call ends it."""
        self._pause = []
        if self.separate:
            self.markup()
        elif marker:
            self.text(marker)

    def end(self) -> None:
        """Nothing follows: white space at the end of the text is text."""
        if not self._beside:
            self._release()
        if any(self._pause):
            self._events.append(Reasoning("".join(self._pause)))

    def _release(self) -> None:
        if space := "".join(self._space):
            self._events.append(Text(space))
        self._space = []
