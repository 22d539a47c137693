"""Tune runs: begun, watched while they go on, ended; gone on with if there is no verdict.

A run names the process that works on it. When that is dead a running row reads as
interrupted; it is stored as it is, for the next run to look at. What a run does is
decided elsewhere.
"""

from __future__ import annotations

import time
from typing import Any, Literal

from localai.errors import StoreError
from localai.store import activations, adapters, run_columns, writer
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.ids import new_id
from localai.store.tuning import Adapter, Progress, Run

EndState = Literal["promoted", "rejected", "failed", "stopped", "interrupted"]

_SELECT = f"SELECT {run_columns.RUN} FROM runs"


class Runs:
    """The part of the store that knows tune runs."""

    _db: Database

    def begin_run(self, model: str, base: str, plan: dict[str, Any]) -> Run:
        """Record that this process tunes the model `model` whose file has the hash `base`."""
        id_, now = new_id(), time.time()
        with self._db.write() as db:
            db.execute(
                "INSERT INTO runs (id, model, base, state, created, updated, writer, plan, "
                "progress, error) VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, '')",
                (
                    id_,
                    model,
                    base,
                    now,
                    now,
                    writer.this_process(),
                    run_columns.pack(plan),
                    run_columns.pack(Progress("starting")),
                ),
            )
            return _fetch(db, id_)

    def resume_run(self, run_id: str) -> Run:
        """Record that this process goes on with a run that ended without a verdict, which is
        the newest from now on. Raises StoreError when there is none, or it goes on elsewhere."""
        with self._db.write() as db:
            done = db.execute(
                "UPDATE runs SET number = (SELECT max(number) + 1 FROM runs), "
                "state = 'running', writer = ?, updated = ?, error = '' "
                "WHERE id = ? AND state IN ('interrupted', 'stopped', 'failed')",
                (writer.this_process(), time.time(), run_id),
            )
            if done.rowcount != 1:
                raise StoreError(
                    f"The tune run {run_id!r} cannot be gone on with; start a new one."
                )
            return _fetch(db, run_id)

    def plan_run(self, run_id: str, plan: dict[str, Any]) -> Run:
        """Record anew what a run is made from. Raises StoreError when it has ended."""
        with self._db.write() as db:
            done = db.execute(
                "UPDATE runs SET plan = ?, updated = ? WHERE id = ? AND state = 'running'",
                (run_columns.pack(plan), time.time(), run_id),
            )
            _must_be_one(done.rowcount)
            return _fetch(db, run_id)

    def update_run(self, run_id: str, progress: Progress) -> None:
        """Record how far a run is; one small commit. Raises StoreError when it has ended."""
        with self._db.write() as db:
            done = db.execute(
                "UPDATE runs SET progress = ?, updated = ? WHERE id = ? AND state = 'running'",
                (run_columns.pack(progress), time.time(), run_id),
            )
            _must_be_one(done.rowcount)

    def end_run(
        self,
        run_id: str,
        state: EndState,
        *,
        verdict: dict[str, Any] | None = None,
        error: str = "",
        adapter: str = "",
    ) -> Run:
        """Record how a run ended; `adapter` is the id of a recorded one, "" for none.

        Numbers of the verdict that are not finite are kept as null. Raises StoreError when
        the run has ended before, or there is no such adapter.
        """
        with self._db.write() as db:
            if adapter:
                adapters.fetch(db, adapter)
            return _end(db, run_id, state, verdict, error, adapter)

    def promote(
        self,
        run_id: str,
        *,
        base_bytes: int,
        file: str,
        sha256: str,
        verdict: dict[str, Any],
    ) -> Adapter:
        """End a run well: its adapter is recorded, answers for the model from now on, and the
        run is promoted; all of it or nothing. Fields as in `Adapter`.

        Raises StoreError when the run has ended before.
        """
        with self._db.write() as db:
            base = _fetch(db, run_id).base
            made = adapters.insert(
                db, base=base, base_bytes=base_bytes, file=file, sha256=sha256, run=run_id
            )
            activations.insert(db, base, made.id, "promoted")
            _end(db, run_id, "promoted", verdict, error="", adapter=made.id)
            return made

    def run(self, run_id: str) -> Run:
        """One run. Raises StoreError when there is none."""
        with self._db.read() as db:
            return _fetch(db, run_id)

    def learned(self, adapter: Adapter | None) -> frozenset[str]:
        """The ids of the corrections and examples that an adapter was made from, and of those
        that say the same; none where no recorded run made it, or for the bare model (None)."""
        if adapter is None or not adapter.run:
            return frozenset()
        plan = self.run(adapter.run).plan
        return frozenset((*plan.get("corrections", ()), *plan.get("duplicates", ())))

    def runs(self, limit: int = 20) -> tuple[Run, ...]:
        """The last runs, newest first."""
        with self._db.read() as db:
            rows = db.execute(f"{_SELECT} ORDER BY number DESC LIMIT ?", (limit,)).fetchall()
            return tuple(run_columns.run(row) for row in rows)

    def run_process(self, run_id: str) -> int | None:
        """The id of the process that works on a run; None when it has ended or is dead.

        Raises StoreError when there is no such run.
        """
        with self._db.read() as db:
            row = db.execute("SELECT writer FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is None:
                raise _unknown(run_id)
            return writer.process(row[0])


def _end(
    db: sqlite.Connection,
    run_id: str,
    state: EndState,
    verdict: dict[str, Any] | None,
    error: str,
    adapter: str,
) -> Run:
    """End a run inside the running transaction."""
    done = db.execute(
        "UPDATE runs SET state = ?, verdict = ?, error = ?, adapter = nullif(?, ''), "
        "updated = ?, writer = '' WHERE id = ? AND state = 'running'",
        (
            state,
            None if verdict is None else run_columns.pack(verdict),
            error,
            adapter,
            time.time(),
            run_id,
        ),
    )
    _must_be_one(done.rowcount)
    return _fetch(db, run_id)


def _fetch(db: sqlite.Connection, run_id: str) -> Run:
    """One run. Raises StoreError when there is none."""
    row = db.execute(f"{_SELECT} WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise _unknown(run_id)
    return run_columns.run(row)


def _unknown(run_id: str) -> StoreError:
    return StoreError(f"There is no tune run {run_id!r}; it may be from another history.")


def _must_be_one(changed: int) -> None:
    if changed != 1:
        raise StoreError("The tune run has ended before or is not there; start a new one.")
