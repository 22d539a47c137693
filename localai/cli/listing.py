"""A list of conversations as text: aligned for eyes, tab-separated for programs. Pure."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import click
from rich.cells import cell_len, set_cell_size

from localai.moments import WHEN, local, utc
from localai.sanitize import one_line
from localai.store.rows import Conversation


def table(rows: Sequence[Conversation], columns: int = 0) -> list[str]:
    """Lines of at most `columns` (0: the window's): short id, last use, messages, title."""
    columns = columns or shutil.get_terminal_size().columns
    count_width = max((len(f"{row.messages:,}") for row in rows), default=0)
    lines = []
    for row in rows:
        when = local(row.updated).strftime(WHEN)
        head = f"{row.short_id}  {when}  {row.messages:>{count_width},}  "
        title = fit(one_line(row.title) or "untitled", columns - len(head))
        lines.append(click.style(head, dim=True) + title)
    return lines


def fields(rows: Sequence[Conversation]) -> list[str]:
    """Lines of id, last use, messages and title with tabs between them."""
    return [
        "\t".join(
            [
                row.id,
                utc(row.updated),
                str(row.messages),
                one_line(row.title),
            ]
        )
        for row in rows
    ]


def fit(text: str, cells: int) -> str:
    """Cut with an ellipsis when it is too long."""
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, max(0, cells - 1)).rstrip() + "…"
