"""A list of models as text: aligned for eyes, tab-separated or JSON for programs.

It looks into the first kilobytes of each file, which say how much memory the model needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import msgspec
from rich.cells import cell_len

from localai.catalog import DEFAULT, GgufHeader, ModelEntry
from localai.catalog.choose import quant_of
from localai.catalog.cursor import Damaged
from localai.catalog.fit import fit
from localai.catalog.gguf import read_header
from localai.catalog.window import least_window, window_here
from localai.config import EngineSettings, Settings
from localai.errors import ModelError
from localai.sanitize import one_line


class Row(msgspec.Struct, frozen=True):
    """One model as it is listed; `path` is "" when its file is not on this machine. It needs
    `memory_bytes` (0: unknown), and `fits` into what is free now."""

    name: str
    quant: str
    bytes: int
    home: str
    path: str
    default: bool
    licence: str
    notes: str
    memory_bytes: int = 0
    fits: bool = True


def rows(entries: Iterable[ModelEntry], settings: Settings) -> list[Row]:
    """Rows in the order of `entries`, judged by how the settings load a model."""
    return [_row(entry, settings) for entry in entries]


def _row(entry: ModelEntry, settings: Settings) -> Row:
    described, header = entry.description, _header(entry)
    memory, fits = (described.memory_bytes, True)
    if entry.path and header:
        memory, fits = _memory(entry.path, header, settings.engine)
    return Row(
        name=entry.name,
        quant=quant_of(described.file) or (header.quant if header else ""),
        bytes=described.bytes,
        home=entry.home,
        path=str(entry.path or ""),
        default=(settings.model or DEFAULT) in (entry.name, str(entry.path)),
        licence=described.licence,
        notes=described.notes,
        memory_bytes=memory,
        fits=fits,
    )


def table(rows: Sequence[Row]) -> list[str]:
    """A line for each model under a line of headings; `*` marks the one in use."""
    lines = [("", "NAME", "QUANT", "SIZE", "MEMORY", "FROM"), *(_cells(row) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    padded = [
        "  ".join(
            " " * (width - cell_len(cell)) + cell
            if column in (3, 4)
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
    home = row.home if row.path else f"{row.home}, not here"
    return (
        "*" if row.default else "",
        one_line(row.name),
        row.quant or "?",
        _size(row.bytes),
        (_size(row.memory_bytes) if row.memory_bytes else "?")
        + ("" if row.fits else " (too much)"),
        home,
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _header(entry: ModelEntry) -> GgufHeader | None:
    """The beginning of the file's header, taking all parts of a split model for its weights."""
    try:
        found = read_header(entry.path, until_vocabulary=True) if entry.path else None
    except (Damaged, OSError):
        return None
    return found and msgspec.structs.replace(found, weight_bytes=entry.description.bytes)


def _memory(path: Path, header: GgufHeader, engine: EngineSettings) -> tuple[int, bool]:
    """Bytes that a model needs as it would be loaded now, and whether they are free."""
    try:
        window = window_here(path, header, engine)
    except ModelError:
        window = engine.context or least_window(header)
        return fit(header, window, engine.kv_type).total, False
    return fit(header, window, engine.kv_type).total, True
