"""Examples as text: aligned for eyes, tab-separated for programs, with their tokens. Pure."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import click
from rich.cells import cell_len, set_cell_size

from localai.cli.listing import fit
from localai.counted import counted
from localai.lessons.preview import Preview, Seen
from localai.lessons.words import source
from localai.moments import WHEN, local, utc
from localai.sanitize import clean, one_line
from localai.store.tuning import Rewrites, StoredExample, Tally

MARKS = {"pending": "?", "accepted": "+", "rejected": "-"}
CALL = "(a call of a tool)"
SOURCE = 20
"""Cells of where an example comes from."""


def table(rows: Sequence[StoredExample], columns: int = 0) -> list[str]:
    """Two lines of at most `columns` (0: the window's) for each: the end of the id, time, state,
    where it comes from, the question; then the answer."""
    columns = columns or shutil.get_terminal_size().columns
    lines = []
    for row in rows:
        when = local(row.created).strftime(WHEN)
        where = set_cell_size(fit(source(row), SOURCE), SOURCE)
        head = f"{row.id[-8:].lower()}  {when}  {MARKS[row.state]} {where}  "
        lines.append(
            click.style(head, dim=True) + fit(one_line(row.question), columns - cell_len(head))
        )
        lines.append("    " + fit(one_line(row.answer) or CALL, columns - 4))
    return lines


def fields(rows: Sequence[StoredExample]) -> list[str]:
    """Lines of id, time, state, source, data set, question and answer, tabs between."""
    return [
        "\t".join(
            [
                row.id,
                utc(row.created),
                row.state,
                row.source,
                one_line(row.name),
                one_line(row.question),
                one_line(row.answer),
            ]
        )
        for row in rows
    ]


def as_json(row: StoredExample) -> dict[str, Any]:
    """An example as a JSON object. Keys are only ever added."""
    return {
        "id": row.id,
        "state": row.state,
        "source": row.source,
        "set": row.name or None,
        "reason": row.reason or None,
        "created": utc(row.created),
        "conversation_id": row.conversation,
        "message_id": row.leaf,
        "question": row.question,
        "answer": row.answer,
    }


def counts(tallies: Sequence[Tally]) -> list[str]:
    """Lines of data set, source, and how many are in which state."""
    lines = []
    for (name, kind), group in groupby(tallies, lambda tally: (tally.name, tally.source)):
        found = ", ".join(f"{tally.count:,} {tally.state}" for tally in group)
        lines.append(f"{one_line(name) or '(yours)':<16}  {kind:<10}  {found}")
    return lines


def shown(found: Preview, rejected: str, *, colour: bool) -> str:
    """An example as it is asked first; what is learned is in bold green, or in «these» marks."""
    row = found.example
    lines = [click.style(f"{row.id}  {row.state}, {source(row)}", dim=True)]
    if rejected:
        lines += [f"- {line}" for line in clean(rejected).splitlines()]
    lines.append("")
    if found.left_out:
        return "\n".join([*lines, f"Left out: {found.left_out}", ""])
    for seen in found.first:
        lines += ["".join(_told(seen, colour=colour)), ""]
    tokens = sum(len(seen.pieces) for seen in found.first)
    weighted = sum(seen.weighted for seen in found.first)
    lines.append(f"{counted(tokens, 'token')}, of which {weighted:,} are learned; {found.manner}.")
    return "\n".join(lines) + "\n"


def ways(found: Preview, rewrites: Rewrites | None, most: int) -> list[str]:
    """The words that an example is asked in; those of the model's own are numbered, as are those
    that were dropped, in a list of their own."""
    lines = [f"  {one_line(seen.way)}" for seen in found.examples if not seen.rewritten]
    return [*lines, *rewritten(rewrites or Rewrites(), most)] if len(found.examples) > 1 else []


def rewritten(rewrites: Rewrites, most: int) -> list[str]:
    """The model's own words for a question, numbered, of which so many are learned; and those
    that were dropped, numbered by themselves."""
    lines = []
    for head, texts, first in (
        ("In the model's words:", rewrites.kept[:most], 1),
        (f"Not learned, as tune.rewrites is {most}:", rewrites.kept[most:], most + 1),
        ("Dropped, so not learned:", rewrites.dropped, 1),
    ):
        numbered = [f"  {number}. {one_line(text)}" for number, text in enumerate(texts, first)]
        lines += [head, *numbered] if texts else []
    return lines


def _told(seen: Seen, *, colour: bool) -> Iterator[str]:
    for learned, pieces in groupby(seen.pieces, itemgetter(1)):
        text = clean("".join(text for text, _ in pieces))
        if colour:
            text = click.style(text, fg="green" if learned else None, bold=learned, dim=not learned)
        yield f"«{text}»" if learned and not colour else text
