"""What a search found, as text: for eyes with the match in bold, for programs, as JSON. Pure."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from typing import Any

import click
from rich.cells import cell_len

from localai.cli.listing import fit
from localai.moments import WHEN, local, utc
from localai.sanitize import clean, one_line
from localai.store.rows import Hit

INDENT = "    "


def table(hits: Sequence[Hit], columns: int = 0) -> list[str]:
    """Two lines of at most `columns` (0: the window's) for each: the ends of the two ids,
    time, role and title; then the stretch around the match."""
    columns = columns or shutil.get_terminal_size().columns
    lines = []
    for hit in hits:
        when = local(hit.created).strftime(WHEN)
        head = f"{_end(hit.conversation)}  {_end(hit.message)}  {when}  {hit.role:<9}  "
        title = fit(one_line(hit.title) or "untitled", columns - len(head))
        lines.append(click.style(head, dim=True) + title)
        lines.append(INDENT + _marked(hit, columns - len(INDENT)))
    return lines


def fields(hits: Sequence[Hit]) -> list[str]:
    """Lines of conversation id, message id, role, time, title and stretch, tabs between."""
    return [
        "\t".join(
            [
                hit.conversation,
                hit.message,
                hit.role,
                utc(hit.created),
                one_line(hit.title),
                one_line(hit.snippet),
            ]
        )
        for hit in hits
    ]


def as_json(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """JSON objects; `pieces` are the stretch, each with whether it is a match."""
    return [
        {
            "conversation_id": hit.conversation,
            "message_id": hit.message,
            "title": hit.title,
            "role": hit.role,
            "created": utc(hit.created),
            "pieces": [{"text": text, "match": match} for text, match in hit.pieces],
        }
        for hit in hits
    ]


def _end(id: str) -> str:
    """The end of an id, which is random: enough to find it by."""
    return id[-8:].lower()


def _marked(hit: Hit, columns: int) -> str:
    """The stretch on one line, matches in bold."""
    line, room = "", columns
    for text, match in hit.pieces:
        piece = re.sub(r"\s+", " ", clean(text))
        shown = fit(piece, room)
        line += click.style(shown, bold=True) if match else shown
        room -= cell_len(shown)
        if shown != piece or room <= 0:
            break
    return line
