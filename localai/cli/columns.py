"""Two answers beside each other on a terminal, drawn again while they are written.

What was drawn is erased at the end and printed once in full, so that it can be scrolled to.
"""

from __future__ import annotations

import time
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from localai.cli.markdown import THEME, TerminalMarkdown
from localai.sanitize import Sanitizer, one_line

FRAME_SECONDS = 0.1
WIDE = 90
"""Columns from which there is room for two answers beside each other."""


class Column:
    """The answer of one side, as an `AnswerView`."""

    shows_reasoning = False

    def __init__(self, columns: Columns, name: str) -> None:
        self._columns, self.name = columns, name
        self.facts = ""
        self._text, self._reasoning = "", 0
        self._sanitizer = Sanitizer()

    def reasoning(self, text: str) -> None:
        """Only that there is some."""
        self._reasoning += len(text)
        self._columns.draw()

    def text(self, text: str) -> None:
        """More of the answer."""
        self._text += self._sanitizer.feed(text)
        self._columns.draw()

    def close(self) -> None:
        """The rest of it."""
        self._text += self._sanitizer.end()
        self._columns.draw(now=True)

    def painted(self) -> Group:
        """Its name, what it took, and the answer."""
        thinking = Text("thinks …", "dim") if self._reasoning and not self._text else Text("")
        head = Text.assemble((one_line(self.name), "bold cyan"), ("  " + self.facts, "dim"))
        body = TerminalMarkdown(self._text) if self._text else thinking
        return Group(head, Rule(style="dim"), body)


class Columns:
    """Draws on `stream`, a terminal."""

    def __init__(self, stream: TextIO, names: tuple[str, str]) -> None:
        self._console = Console(file=stream, highlight=False)
        self._console.push_theme(THEME)
        self.sides = (Column(self, names[0]), Column(self, names[1]))
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._drawn = 0.0

    def begin(self) -> None:
        """Begin to draw."""
        self._live.start()
        self.draw(now=True)

    def draw(self, *, now: bool = False) -> None:
        """Draw what there is, if it is time to."""
        moment = time.monotonic()
        if self._live.is_started and (now or moment - self._drawn >= FRAME_SECONDS):
            self._live.update(self._table(), refresh=True)
            self._drawn = time.monotonic()

    def end(self) -> None:
        """Leave both answers on the screen, whole."""
        self._live.stop()
        self._console.print(self._table())

    def _table(self) -> Table:
        table = Table.grid(expand=True, padding=(0, 2))
        for _ in self.sides:
            table.add_column(ratio=1)
        table.add_row(*(side.painted() for side in self.sides))
        return table
