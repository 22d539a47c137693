"""A terminal just good enough to see what a program left on the screen and above it.

Knows what localai writes: text, line ends, carriage returns, colours, cursor up, erase
and synchronised updates. Anything else is an error, which is the point.
"""

from __future__ import annotations

import re

from rich.cells import cell_len

SEQUENCE = re.compile(r"\x1b\[(\??)([\d;]*)([A-Za-z])")


class Emulator:
    """`rows` lines of the screen follow the scrollback; all of it is in `lines`."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells: list[list[str]] = [[]]
        self._row = self._column = 0

    @property
    def lines(self) -> list[str]:
        """All lines from the first on, without trailing blanks."""
        return ["".join(row).rstrip() for row in self._cells]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        return

    def write(self, text: str) -> int:
        at = 0
        while at < len(text):
            if match := SEQUENCE.match(text, at):
                self._control(*match.groups())
                at = match.end()
                continue
            self._put(text[at])
            at += 1
        return len(text)

    def _control(self, private: str, arguments: str, letter: str) -> None:
        if letter == "m" or (private and arguments == "2026" and letter in "hl"):
            return
        if letter == "A":
            top = max(0, len(self._cells) - self.rows)
            self._row = max(top, self._row - int(arguments or "1"))
            self._column = min(self._column, self.columns - 1)
        elif letter == "J" and not arguments:
            del self._cells[self._row + 1 :]
            del self._cells[self._row][self._column :]
        elif letter == "K" and arguments == "2":
            self._cells[self._row] = []
        else:
            raise AssertionError(f"an escape sequence nobody should write: {letter!r}")

    def _put(self, char: str) -> None:
        if char == "\n":
            self._down()
        elif char == "\r":
            self._column = 0
        else:
            assert char.isprintable() or char == "\t", f"a control character: {char!r}"
            self._print(char)

    def _print(self, char: str) -> None:
        width = cell_len(char)
        if self._column + width > self.columns:
            self._down()
        row = self._cells[self._row]
        row.extend(" " * (self._column - len(row)))
        row[self._column : self._column + width] = [char, *[""] * (width - 1)]
        self._column += width

    def _down(self) -> None:
        self._row, self._column = self._row + 1, 0
        if self._row == len(self._cells):
            self._cells.append([])
