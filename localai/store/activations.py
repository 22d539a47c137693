"""Which adapter answers for a model, and the way back to the one before.

Activations are a log that grows: going back is an entry in it like any other. What
there is to go back to follows from the log (`undo_stack`). Only when an adapter goes for
good is it written anew, as if that one had never been made. Loading adapters into an
engine is done elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Literal

from localai.errors import StoreError
from localai.store.adapters import SELECT as ADAPTER
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.faults import UnreadableRow
from localai.store.records import record
from localai.store.tuning import Activation, ActivationReason, Adapter

_SELECT = """SELECT number, base, ifnull(adapter, ''), reason, created
FROM activations WHERE base = ?"""
_NEWEST = f"{_SELECT} ORDER BY number DESC LIMIT 1"


class Activations:
    """The part of the store that knows which adapter answers."""

    _db: Database

    def activate(
        self, base: str, adapter_id: str, reason: Literal["promoted", "chosen"]
    ) -> Activation:
        """From now on this adapter ("": none, the bare model) answers for the model `base`.

        Raises StoreError when there is no such adapter, or it belongs to another model.
        """
        with self._db.write() as db:
            return insert(db, base, adapter_id, reason)

    def active_adapter(self, base: str) -> Adapter | None:
        """The adapter that answers for the model `base`, None for the bare model."""
        with self._db.read() as db:
            return _active(db, base)

    def roll_back(self, base: str) -> Adapter | None:
        """Go back to what answered before the present adapter, and once more each time.

        Returns what answers now, None for the bare model. Raises StoreError when there is
        nothing to go back to.
        """
        with self._db.write() as db:
            *before, _ = undo_stack(log(db, base))
            if not before:
                raise StoreError(
                    "There is nothing to go back to: the model answers as it was before any tuning."
                )
            insert(db, base, before[-1], "rollback")
            return _active(db, base)

    def answers_without(self, adapter: Adapter) -> str:
        """The id of what would answer for its model if this adapter were gone, "" for the bare
        model."""
        with self._db.read() as db:
            kept = _without(log(db, adapter.base), {adapter.id})
            return kept[-1].adapter if kept else ""

    def remove_adapter(self, adapter: Adapter) -> None:
        """Take an adapter out; where it answered, what did before answers again. Its run and
        its files are left alone."""
        with self._db.write() as db:
            remove(db, (adapter,))

    def activations(self, base: str) -> tuple[Activation, ...]:
        """Everything that was ever activated for the model `base`, newest first."""
        with self._db.read() as db:
            return log(db, base)[::-1]


def in_force(log: Iterable[Activation]) -> list[Activation]:
    """The activations that were not undone, oldest first; the last one answers. `log` holds one
    model's activations, oldest first.

    Activating what answers already changes nothing, so there is nothing to undo.
    """
    stack: list[Activation] = []
    for entry in log:
        if entry.reason == "rollback":
            if not stack:
                raise UnreadableRow("more activations were undone than made")
            stack.pop()
        elif entry.adapter != (stack[-1].adapter if stack else ""):
            stack.append(entry)
    return stack


def undo_stack(log: Iterable[Activation]) -> list[str]:
    """The adapters' ids that going back leads through, from the bare model ("") at the start
    to the present one, which is last."""
    return ["", *(entry.adapter for entry in in_force(log))]


def remove(db: sqlite.Connection, adapters: Collection[Adapter]) -> None:
    """Take adapters out inside the running transaction."""
    gone = {adapter.id for adapter in adapters}
    for base in {adapter.base for adapter in adapters}:
        kept = _without(log(db, base), gone)
        db.execute("DELETE FROM activations WHERE base = ?", (base,))
        db.executemany(
            "INSERT INTO activations (base, adapter, reason, created) "
            "VALUES (?, nullif(?, ''), ?, ?)",
            [(base, entry.adapter, entry.reason, entry.created) for entry in kept],
        )
    ids = [(id_,) for id_ in gone]
    db.executemany("UPDATE runs SET adapter = NULL WHERE adapter = ?", ids)
    db.executemany("DELETE FROM adapters WHERE id = ?", ids)


def _without(log: Iterable[Activation], gone: Collection[str]) -> list[Activation]:
    """What is in force of a log, as if these adapters had never been made."""
    kept: list[Activation] = []
    for entry in in_force(log):
        if entry.adapter not in gone and entry.adapter != (kept[-1].adapter if kept else ""):
            kept.append(entry)
    return kept


def insert(
    db: sqlite.Connection, base: str, adapter_id: str, reason: ActivationReason
) -> Activation:
    """Activate an adapter inside the running transaction."""
    known = "SELECT 1 FROM adapters WHERE id = ? AND base = ?"
    if adapter_id and db.execute(known, (adapter_id, base)).fetchone() is None:
        raise StoreError(
            f"The model has no adapter {adapter_id!r}; choose one that was made for it."
        )
    db.execute(
        "INSERT INTO activations (base, adapter, reason, created) VALUES (?, nullif(?, ''), ?, ?)",
        (base, adapter_id, reason, time.time()),
    )
    return record(Activation, db.execute(_NEWEST, (base,)).fetchone())


def _active(db: sqlite.Connection, base: str) -> Adapter | None:
    """The adapter of the newest activation."""
    row = db.execute(
        f"{ADAPTER} WHERE a.id = "
        "(SELECT adapter FROM activations WHERE base = ? ORDER BY number DESC LIMIT 1)",
        (base,),
    ).fetchone()
    return None if row is None else record(Adapter, row)


def log(db: sqlite.Connection, base: str) -> tuple[Activation, ...]:
    """One model's activations, oldest first."""
    rows = db.execute(f"{_SELECT} ORDER BY number", (base,)).fetchall()
    return tuple(record(Activation, row) for row in rows)
