"""A list of models as text: aligned for eyes, tab-separated or JSON for programs.

It looks into the first kilobytes of files whose name does not tell the quantisation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import click
import msgspec
from rich.cells import cell_len

from localai.catalog import DEFAULT, ModelEntry
from localai.catalog.choose import quant_of
from localai.catalog.cursor import Damaged
from localai.catalog.gguf import read_header
from localai.sanitize import one_line


class Row(msgspec.Struct, frozen=True):
    """One model as it is listed; `path` is "" when its file is not on this machine, and
    `memory_bytes` 0 where nobody has looked at the whole file."""

    name: str
    quant: str
    bytes: int
    home: str
    path: str
    default: bool
    licence: str
    notes: str
    memory_bytes: int = 0


def rows(entries: Iterable[ModelEntry], chosen: str) -> list[Row]:
    """Rows in the order of `entries`; `chosen` is the model setting ("" for the starter)."""
    return [
        Row(
            name=entry.name,
            quant=_quant(entry),
            bytes=entry.description.bytes,
            home=entry.home,
            path=str(entry.path or ""),
            default=(chosen or DEFAULT) in (entry.name, str(entry.path)),
            licence=entry.description.licence,
            notes=entry.description.notes,
            memory_bytes=entry.description.memory_bytes,
        )
        for entry in entries
    ]


def table(rows: Sequence[Row]) -> list[str]:
    """A line for each model under a line of headings; `*` marks the one in use."""
    lines = [("", "NAME", "QUANT", "SIZE", "FROM"), *(_cells(row) for row in rows)]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(5)]
    padded = [
        "  ".join(
            " " * (width - cell_len(cell)) + cell
            if column == 3
            else cell + " " * (width - cell_len(cell))
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return [click.style(padded[0], dim=True), *padded[1:]]


def fields(rows: Sequence[Row]) -> list[str]:
    """Name, quantisation, bytes, home, path, and "default" or nothing, tab-separated."""
    return [
        "\t".join(
            one_line(cell)
            for cell in (
                row.name,
                row.quant,
                str(row.bytes),
                row.home,
                row.path,
                "default" if row.default else "",
            )
        )
        for row in rows
    ]


def as_json(rows: Sequence[Row]) -> str:
    """A JSON list of objects."""
    return json.dumps([msgspec.structs.asdict(row) for row in rows], indent=2)


def _cells(row: Row) -> tuple[str, ...]:
    size = f"{row.bytes / 1e9:.2f} GB" if row.bytes >= 1e9 else f"{row.bytes / 1e6:.0f} MB"
    home = row.home if row.path else f"{row.home}, not here"
    return ("*" if row.default else "", one_line(row.name), row.quant or "?", size, home)


def _quant(entry: ModelEntry) -> str:
    if found := quant_of(entry.description.file):
        return found
    try:
        return read_header(entry.path, until_vocabulary=True).quant if entry.path else ""
    except (Damaged, OSError):
        return ""
