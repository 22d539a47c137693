"""Rows of evaluations to values and back. Knows the columns, runs no SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from localai.store import writer
from localai.store.columns import encode
from localai.store.evaluated import EvalItem, EvalRun, EvalState, Evaluated
from localai.store.records import record

RUN = (
    "r.id, r.created, r.updated, r.state, r.writer, r.task, r.pool, r.style, r.manner, r.wanted, "
    "r.seed, r.model, r.base, r.adapter, r.name, r.command, r.against, r.summary, "
    "(SELECT count(*) FROM eval_items i WHERE i.run = r.id)"
)
OF = (
    *("task", "pool", "style", "manner", "wanted", "seed", "model", "base", "adapter"),
    "name",  # last: what the adapter is called does not change what is evaluated
)
ITEM = "item, asked, answers, scores"

_object = msgspec.json.Decoder(dict[str, Any])
_objects = msgspec.json.Decoder(list[dict[str, Any]])
_scores = msgspec.json.Decoder(dict[str, float | None])


class Row(msgspec.Struct, frozen=True):
    """The columns RUN as they are stored."""

    id: str
    created: float
    updated: float
    state: EvalState
    writer: str
    task: str
    pool: str
    style: str
    manner: str
    wanted: int
    seed: int
    model: str
    base: str
    adapter: str
    name: str
    command: str
    against: str
    summary: str | None
    items: int


def run(columns: Sequence[object]) -> EvalRun:
    """A row of RUN columns."""
    row = record(Row, columns)
    dead = row.state == "running" and not writer.alive(row.writer)
    return EvalRun(
        id=row.id,
        of=Evaluated(
            task=row.task,
            pool=row.pool,
            style=row.style,
            manner=_object.decode(row.manner),
            wanted=row.wanted,
            seed=row.seed,
            model=row.model,
            base=row.base,
            adapter=row.adapter,
            name=row.name,
        ),
        state="stopped" if dead else row.state,
        created=row.created,
        updated=row.updated,
        command=row.command,
        against=row.against,
        summary=None if row.summary is None else _object.decode(row.summary),
        items=row.items,
    )


def of(value: Evaluated) -> tuple[object, ...]:
    """The columns OF."""
    found = {**msgspec.structs.asdict(value), "manner": encode(value.manner)}
    return tuple(found[name] for name in OF)


def item(columns: Sequence[str]) -> EvalItem:
    """A row of ITEM columns."""
    id_, asked, answers, scores = columns
    return EvalItem(id_, _object.decode(asked), _objects.decode(answers), _scores.decode(scores))
