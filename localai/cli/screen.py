"""Text at the bottom of a terminal that can still change, below text that cannot.

Only lines that differ are written again, everything in one write, so that nothing
flickers. The changing part never gets taller than the window: what does not fit is
final, because a terminal cannot go back to it. No alternate screen, no raw mode: what
was written stays in the scrollback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TextIO

from localai.cli.paint import Line

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronised update: terminals that know it show the frame in one piece."""

ERASE_BELOW = "\x1b[J"


class Size(NamedTuple):
    """The window, in characters."""

    columns: int
    rows: int


class Screen:
    """Writes lines to `stream`; `size` tells the window's size at any time.

    Between updates the cursor stands at the end of the last line written, which is
    how the next update finds its way back.
    """

    def __init__(self, stream: TextIO, size: Callable[[], Size]) -> None:
        self._stream, self._size = stream, size
        self._shown: list[Line] = []
        self._at_start = True

    def update(self, lines: Sequence[Line], final: int, *, redraw: bool = False) -> int:
        """Show `lines` in place of the changing part.

        The first `final` of them will not change any more. Returns how many lines are
        final now, which is more when the rest would not fit into the window; those must
        not be given again. `redraw` writes the last line again even if it is the same.
        """
        size = self._size()
        frozen = _overflow(self._shown, size)
        same = min(_common(self._shown, lines), max(0, len(lines) - 1) if redraw else len(lines))
        self._replace(lines, max(same, frozen), size)
        final = max(final, frozen, final + _overflow(lines[final:], size))
        self._shown = list(lines[final:])
        return final

    def close(self) -> None:
        """Leave the cursor at the start of the line below."""
        if not self._at_start:
            self._write("\n")
        self._shown, self._at_start = [], True

    def _replace(self, lines: Sequence[Line], same: int, size: Size) -> None:
        """Write `lines[same:]` where `shown[same:]` is."""
        old = self._shown
        if len(old) > len(lines) > 0:
            same = min(same, len(lines) - 1)
        if same == len(old) == len(lines):
            return
        if same == len(old):
            start = "" if self._at_start else "\n"
            self._write(start + "\n".join(line.ansi for line in lines[same:]))
        elif same == len(old) - 1 and _grows(old[same], lines[same:]):
            rest = "\n".join(line.ansi for line in lines[same:])
            self._write(rest[len(old[same].ansi) :])
        else:
            up = sum(_height(line, size) for line in old[same:]) - 1
            back = f"\r\x1b[{up}A" if up else "\r"
            text = "\n".join(line.ansi for line in lines[same:])
            self._write(f"{BEGIN}{back}{ERASE_BELOW}{text}{END}")
        self._at_start = not lines

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _common(old: Sequence[Line], new: Sequence[Line]) -> int:
    """How many leading lines are the same."""
    pairs = zip(old, new, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))


def _grows(old: Line, new: Sequence[Line]) -> bool:
    """Whether the first of `new` is `old` with something appended."""
    return bool(new) and len(new[0].ansi) > len(old.ansi) and new[0].ansi.startswith(old.ansi)


def _height(line: Line, size: Size) -> int:
    """Rows of the window that a line takes."""
    return max(1, -(-line.cells // size.columns))


def _overflow(lines: Sequence[Line], size: Size) -> int:
    """How many leading lines do not fit into the window; the last line always counts
    as fitting."""
    total, fitting = 0, 0
    for line in reversed(lines):
        total += _height(line, size)
        if total > size.rows - 1 and fitting:
            break
        fitting += 1
    return len(lines) - fitting
