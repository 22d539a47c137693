"""Markdown tables to lines: columns as wide as their content, narrowed fairly when needed.

Cells wrap; nothing is cut off. When not even three cells a column fit, rows are shown
one cell a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from tui.markdown.palette import Palette

GAP = 2
NARROWEST = 3


def column_widths(wanted: Sequence[int], room: int) -> list[int]:
    """Widths that add up to at most `room`, the widest columns giving way first.

    Returns an empty list when `room` is less than NARROWEST a column.
    """
    if room < NARROWEST * len(wanted):
        return []
    widths = [max(1, width) for width in wanted]
    excess = sum(widths) - room
    while excess > 0:
        widest = max(widths)
        second = max((width for width in widths if width < widest), default=NARROWEST)
        columns = [i for i, width in enumerate(widths) if width == widest]
        step = max(1, min(widest - max(second, NARROWEST), -(-excess // len(columns))))
        for column in columns:
            taken = min(step, excess)
            widths[column] -= taken
            excess -= taken
    return widths


def table_lines(
    rows: Sequence[Sequence[Text]], width: int, console: Console, palette: Palette
) -> list[Text]:
    """Lines of a table whose first row is the header."""
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        return []
    padded = [[*row, *(Text(end="") for _ in range(columns - len(row)))] for row in rows]
    wanted = [max(row[i].cell_len for row in padded) for i in range(columns)]
    widths = column_widths(wanted, width - GAP * (columns - 1))
    if not widths:
        cells = [cell for row in padded for cell in row if cell.plain]
        return [line for cell in cells for line in cell.wrap(console, width, overflow="fold")]
    lines: list[Text] = []
    for number, row in enumerate(padded):
        if number == 0:
            for cell in row:
                cell.stylize(palette.heading)
        lines += _row_lines(row, widths, console)
        if number == 0:
            rule = (" " * GAP).join("─" * width for width in widths)
            lines.append(Text(rule, palette.muted, end=""))
    return lines


def _row_lines(row: Sequence[Text], widths: Sequence[int], console: Console) -> list[Text]:
    wrapped = [
        list(cell.wrap(console, width, overflow="fold"))
        for cell, width in zip(row, widths, strict=True)
    ]
    lines = []
    for number in range(max((len(cell) for cell in wrapped), default=1) or 1):
        line = Text(end="")
        for cell, width in zip(wrapped, widths, strict=True):
            part = cell[number] if number < len(cell) else Text()
            if line.plain or cell is not wrapped[0]:
                line.append(" " * GAP)
            line.append_text(part)
            line.append(" " * max(0, width - part.cell_len))
        line.rstrip()
        lines.append(line)
    return lines
