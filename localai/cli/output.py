"""Where an answer goes as it arrives: plain to a pipe, or nowhere for --json.

The terminal has a file of its own (`terminal.py`). Everything that came from a model
passes the sanitiser here; the store keeps it as it was.
"""

from __future__ import annotations

import os
from typing import Protocol, TextIO

from localai.sanitize import Sanitizer


class AnswerView(Protocol):
    """Shows one answer. `reasoning` comes before `text`; `close` ends it, also early.

    `shows_reasoning`: it is shown as it comes, and nothing else need be said about it.
    """

    shows_reasoning: bool

    def reasoning(self, text: str) -> None:
        """More of what the model writes to itself."""
        ...

    def text(self, text: str) -> None:
        """More of the answer."""
        ...

    def close(self) -> None:
        """Show what is still held back and leave the stream in order."""
        ...


class Silent:
    """Shows nothing: the answer is printed elsewhere, or nobody reads it any more."""

    shows_reasoning = False

    def reasoning(self, text: str) -> None:
        """Nothing."""

    def text(self, text: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Plain:
    """Writes text as it comes, ending with a line end. With `show_reasoning` the
    reasoning comes first, set off by an empty line."""

    def __init__(self, stream: TextIO, *, show_reasoning: bool = False) -> None:
        self._stream, self.shows_reasoning = stream, show_reasoning
        self._sanitizer = Sanitizer()
        self._in_reasoning = False
        self._last = "\n"

    def reasoning(self, text: str) -> None:
        """Written only when asked for."""
        if self.shows_reasoning:
            self._in_reasoning = True
            self._write(self._sanitizer.feed(text))

    def text(self, text: str) -> None:
        """Written and flushed at once."""
        if self._in_reasoning:
            self._in_reasoning = False
            self._write(self._sanitizer.end())
            self._write("\n" if self._last == "\n" else "\n\n")
            self._sanitizer = Sanitizer()
        self._write(self._sanitizer.feed(text))

    def close(self) -> None:
        """End the last line."""
        self._write(self._sanitizer.end())
        if self._last != "\n":
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()
            self._last = text[-1]


def can_render(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def view(stream: TextIO, *, show_reasoning: bool = False, plain: bool = False) -> AnswerView:
    """Rendered on a terminal, plain elsewhere, or wherever it must be."""
    if plain or not can_render(stream):
        return Plain(stream, show_reasoning=show_reasoning)
    from localai.cli.terminal import Terminal

    return Terminal(stream, show_reasoning=show_reasoning)
