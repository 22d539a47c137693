"""An answer on a terminal: Markdown that is rendered while it streams.

Finished blocks are written for good; only the last one is drawn again, a few dozen
times a second at most and never for more than a sixth of the time, which belongs to
the model.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from typing import TextIO

from rich.console import Console

from localai.cli.blocks import BlockStream
from localai.cli.paint import Line, Painter
from localai.cli.screen import Screen, Size
from localai.sanitize import Sanitizer

FRAME_SECONDS = 0.03
SHARE = 5
"""A frame is followed by a pause of at least this many times what it cost."""


class Terminal:
    """Draws one answer on `stream`, which must be a terminal."""

    def __init__(
        self,
        stream: TextIO,
        *,
        show_reasoning: bool = False,
        size: Callable[[], Size] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shows_reasoning, self._clock = show_reasoning, clock
        self._size = size or (lambda: window_size(stream))
        self._screen = Screen(stream, self._size)
        self._painter = Painter(Console(file=stream, force_terminal=True, highlight=False))
        self._sanitizer = Sanitizer()
        self._blocks = BlockStream()
        self._reasoning = ""
        self._first = True
        self._spilled = 0
        self._columns = 0
        self._next_frame = 0.0

    def reasoning(self, text: str) -> None:
        """Dimmed, when asked for."""
        if self.shows_reasoning:
            self._reasoning += self._sanitizer.feed(text)
            self._draw_if_due()

    def text(self, text: str) -> None:
        """Rendered as Markdown."""
        if self._reasoning:
            self._end_reasoning()
        self._blocks.feed(self._sanitizer.feed(text))
        self._draw_if_due()

    def close(self) -> None:
        """Draw the rest as it is, also when it broke off in the middle."""
        if self._reasoning:
            self._end_reasoning()
        self._blocks.feed(self._sanitizer.end())
        self._draw(last=True)
        self._screen.close()

    def _draw_if_due(self) -> None:
        start = self._clock()
        if start < self._next_frame:
            return
        self._draw()
        end = self._clock()
        self._next_frame = end + max(FRAME_SECONDS, SHARE * (end - start))

    def _draw(self, *, last: bool = False) -> None:
        """Bring the screen up to date. Lines of the last block that had to be given up
        because the window is too small for it (`_spilled`) are not written again."""
        columns = self._columns if self._spilled else self._size().columns
        self._columns = columns
        if self._reasoning:
            self._show(self._painter.dim(self._reasoning, columns), 0)
            return
        blocks = self._blocks.take()
        if last:
            blocks += self._blocks.end()
        done = self._painter.blocks(blocks, columns, first=self._first)
        self._first = self._first and not done
        tail = self._painter.blocks(self._blocks.tail(), columns, first=self._first)
        self._show(done + tail, len(done), redraw=last)

    def _show(self, lines: list[Line], final: int, *, redraw: bool = False) -> None:
        skip = self._spilled
        remaining = max(0, final - skip)
        written = self._screen.update(lines[skip:], remaining, redraw=redraw)
        self._spilled = max(0, skip + written - final)

    def _end_reasoning(self) -> None:
        """Leave the reasoning on the screen for good; the answer starts below it."""
        self._reasoning += self._sanitizer.end()
        lines = self._painter.dim(self._reasoning.strip(), self._columns or self._size().columns)
        self._show(lines, len(lines))
        self._sanitizer, self._reasoning = Sanitizer(), ""
        self._first, self._spilled = False, 0


def window_size(stream: TextIO) -> Size:
    """The window behind `stream`; 80x24 where it does not say."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        columns, rows = shutil.get_terminal_size()
    return Size(columns or 80, rows or 24)
