"""Turns blocks of an answer into lines of a terminal.

Code starts at the left edge and is never wrapped, so that it can be copied as it is;
prose is wrapped at a width that reads well. Lines carry their own escape codes and
their width; putting them on the screen is `screen.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from localai.cli.blocks import Block
from localai.cli.markdown import THEME, TerminalMarkdown, highlight

PROSE_WIDTH = 100
"""Longer lines are hard to read."""

LONGEST_ROWS = 3
"""Rows of the window after which a line of code is broken after all."""

MARGIN = 1
"""Columns kept free, for terminals that draw some characters wider than expected."""

DIM = Style(dim=True)


class Line(NamedTuple):
    """A line as written to the terminal, and how many columns it takes."""

    ansi: str
    cells: int


class Painter:
    """Turns blocks into lines, in colours unless the console has none."""

    def __init__(self, console: Console) -> None:
        console.push_theme(THEME)
        self._console = console
        has_colour = console.color_system is not None and not console.no_color
        self._colours = ColorSystem.STANDARD if has_colour else None
        self._styled = console.color_system is not None

    def blocks(self, blocks: Iterable[Block], columns: int, *, first: bool) -> list[Line]:
        """The lines of `blocks` in a window of `columns`. An empty line sets each off
        from what is above it; above the `first` one of an answer there is nothing."""
        lines: list[Line] = []
        for block in blocks:
            painted = self._block(block, columns)
            if painted and block.opens and (lines or not first):
                lines.append(Line("", 0))
            lines += painted
        return lines

    def dim(self, text: str, columns: int) -> list[Line]:
        """Plain text, wrapped and dimmed."""
        return self._wrapped(Text(text, style=DIM), _width(columns))

    def _block(self, block: Block, columns: int) -> list[Line]:
        if block.language is None:
            return self._wrapped(TerminalMarkdown(block.text), _width(columns))
        return self._code(block, columns)

    def _code(self, block: Block, columns: int) -> list[Line]:
        """Code between two dim rules, each of its lines as long as it is, up to a few rows."""
        longest = LONGEST_ROWS * columns
        width = _width(columns)
        label = f"── {block.language} " if block.language else ""
        lines = [self._rule(label, width)] if block.opens else []
        if block.text:
            text = highlight(block.text, block.language or "")
            for row in text.split("\n", allow_blank=True)[: block.text.count("\n") + 1]:
                cuts = range(longest, len(row), longest)
                lines += [self._line(piece.render(self._console)) for piece in row.divide(cuts)]
        return [*lines, self._rule("", width)] if block.closes else lines

    def _rule(self, label: str, width: int) -> Line:
        return self._line([Segment(f"{label:─<{width}}"[:width], DIM)])

    def _wrapped(self, renderable: RenderableType, width: int) -> list[Line]:
        options = self._console.options.update(width=width, height=None)
        rows = self._console.render_lines(renderable, options, pad=False)
        lines = [self._line(row) for row in rows]
        filled = [i for i, line in enumerate(lines) if line.cells]
        return lines[filled[0] : filled[-1] + 1] if filled else []

    def _line(self, row: Iterable[Segment]) -> Line:
        """Segments as text with escape codes, without the blanks that pad a line."""
        segments = [s for s in Segment.simplify(row) if s.text.strip("\n")]
        while segments:
            last = segments.pop()
            if text := last.text.rstrip():
                segments.append(Segment(text, last.style))
                break
        plain = "".join(segment.text for segment in segments)
        return Line("".join(map(self._ansi, segments)), cell_len(plain.expandtabs()))

    def _ansi(self, segment: Segment) -> str:
        style = segment.style
        if style is None or not self._styled:
            return segment.text
        if self._colours is None:
            style = style.without_color
        return style.render(segment.text, color_system=ColorSystem.STANDARD)


def _width(columns: int) -> int:
    return max(1, min(columns - MARGIN, PROSE_WIDTH))
