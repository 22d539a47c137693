"""Rows of tune runs to values and back. Knows the columns, runs no SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from localai.store import writer
from localai.store.records import record
from localai.store.tuning import Progress, Run, RunState

RUN = (
    "number, id, model, base, state, created, updated, error, ifnull(adapter, ''), "
    "writer, plan, progress, verdict"
)

_object = msgspec.json.Decoder(dict[str, Any])
_progress = msgspec.json.Decoder(Progress)
_encode = msgspec.json.Encoder().encode


class Row(msgspec.Struct, frozen=True):
    """The columns RUN as they are stored."""

    number: int
    id: str
    model: str
    base: str
    state: RunState
    created: float
    updated: float
    error: str
    adapter: str
    writer: str
    plan: str
    progress: str
    verdict: str | None


def run(columns: Sequence[object]) -> Run:
    """A row of RUN columns. A run whose process died reads as interrupted."""
    row = record(Row, columns)
    dead = row.state == "running" and not writer.alive(row.writer)
    return Run(
        id=row.id,
        model=row.model,
        base=row.base,
        state="interrupted" if dead else row.state,
        created=row.created,
        updated=row.updated,
        plan=_object.decode(row.plan),
        progress=_progress.decode(row.progress),
        verdict=None if row.verdict is None else _object.decode(row.verdict),
        error=row.error,
        adapter=row.adapter,
        number=row.number,
    )


def pack(value: dict[str, Any] | Progress) -> str:
    """A JSON column. Numbers that are not finite become null, as JSON has none."""
    return _encode(value).decode()
