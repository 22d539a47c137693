"""Evaluations: begun, filled with answers as they come, ended; gone on with if they were not.

A run names the process that works on it; when that is dead, it reads as stopped. What is asked
and what a score means is decided elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from localai.errors import StoreError
from localai.store import eval_columns, writer
from localai.store.columns import encode
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.evaluated import EvalItem, EvalRun, Evaluated
from localai.store.ids import new_id

_SELECT = f"SELECT {eval_columns.RUN} FROM evals r"


class Evals:
    """The part of the store that knows evaluations."""

    _db: Database

    def begin_eval(self, of: Evaluated, command: str) -> EvalRun:
        """Record that this process evaluates, for a command."""
        id_, now = new_id(), time.time()
        columns = eval_columns.of(of)
        with self._db.write() as db:
            db.execute(
                "INSERT INTO evals (id, created, updated, state, writer, command, against, "
                f"{', '.join(eval_columns.OF)}) "
                f"VALUES (?, ?, ?, 'running', ?, ?, ''{', ?' * len(columns)})",
                (id_, now, now, writer.this_process(), command, *columns),
            )
            return _fetch(db, id_)

    def stopped_command(self, all_of: Iterable[Evaluated]) -> str:
        """The command that was stopped last at one of these, "" for none."""
        with self._db.read() as db:
            runs = [run for of in all_of for run in _just(db, of) if run.state == "stopped"]
        return max(runs, key=lambda run: run.created).command if runs else ""

    def resume_eval(self, of: Evaluated, command: str) -> EvalRun | None:
        """The run of just this that a command has made: done, or gone on with by this process
        from now on. None if there is none, or it goes on elsewhere."""
        with self._db.write() as db:
            runs = [
                run
                for run in _just(db, of)
                if run.command == command and run.state in ("done", "stopped")
            ]
            if not runs or runs[0].state == "done":
                return runs[0] if runs else None
            db.execute(
                "UPDATE evals SET state = 'running', writer = ?, updated = ? WHERE id = ?",
                (writer.this_process(), time.time(), runs[0].id),
            )
            return _fetch(db, runs[0].id)

    def put_eval_item(self, run_id: str, item: EvalItem) -> None:
        """Keep what was answered to one question, in the place of an earlier answer; one small
        commit. Raises StoreError when there is no such run."""
        columns = (item.asked, item.answers, item.scores)
        with self._db.write() as db:
            done = db.execute(
                "UPDATE evals SET updated = ? WHERE id = ? AND state = 'running'",
                (time.time(), run_id),
            )
            _must_be_one(done.rowcount)
            db.execute(
                f"INSERT OR REPLACE INTO eval_items (run, {eval_columns.ITEM}) "
                "VALUES (?, ?, ?, ?, ?)",
                (run_id, item.item, *map(encode, columns)),
            )

    def end_eval(self, run_id: str, summary: dict[str, Any] | None) -> EvalRun:
        """Record that a run is done, with what it came to; None that it was stopped before."""
        packed = None if summary is None else encode(summary)
        with self._db.write() as db:
            done = db.execute(
                "UPDATE evals SET state = ?, summary = ?, updated = ?, writer = '' "
                "WHERE id = ? AND state = 'running'",
                ("stopped" if packed is None else "done", packed, time.time(), run_id),
            )
            _must_be_one(done.rowcount)
            return _fetch(db, run_id)

    def pair_evals(self, run_id: str, other_id: str) -> EvalRun:
        """Record which run on the same questions one is compared with."""
        with self._db.write() as db:
            _fetch(db, other_id)
            db.execute("UPDATE evals SET against = ? WHERE id = ?", (other_id, run_id))
            return _fetch(db, run_id)

    def evals(self, limit: int = 20) -> tuple[EvalRun, ...]:
        """The last runs, newest first."""
        with self._db.read() as db:
            rows = db.execute(f"{_SELECT} ORDER BY r.number DESC LIMIT ?", (limit,)).fetchall()
            return tuple(map(eval_columns.run, rows))

    def eval_run(self, id: str) -> EvalRun:
        """The run whose id is this or ends so. Raises StoreError for none, or for several."""
        with self._db.read() as db:
            return _fetch(db, id.strip())

    def eval_items(self, run_id: str) -> tuple[EvalItem, ...]:
        """What was answered in a run, by the questions' ids."""
        with self._db.read() as db:
            rows = db.execute(
                f"SELECT {eval_columns.ITEM} FROM eval_items WHERE run = ? ORDER BY item",
                (run_id,),
            ).fetchall()
            return tuple(map(eval_columns.item, rows))


def _just(db: sqlite.Connection, of: Evaluated) -> list[EvalRun]:
    """The runs of just this, the newest first."""
    same = " AND ".join(f"r.{name} = ?" for name in eval_columns.OF[:-1])
    rows = db.execute(
        f"{_SELECT} WHERE {same} ORDER BY r.number DESC", eval_columns.of(of)[:-1]
    ).fetchall()
    return list(map(eval_columns.run, rows))


def _fetch(db: sqlite.Connection, id: str) -> EvalRun:
    rows = db.execute(
        f"{_SELECT} WHERE ?1 <> '' AND substr(r.id, -length(?1)) = upper(?1) LIMIT 2", (id,)
    ).fetchall()
    if len(rows) != 1:
        which = "Several evaluations end" if rows else "There is no evaluation that ends"
        raise StoreError(f"{which} in {id!r}; `localai eval list` names them.")
    return eval_columns.run(rows[0])


def _must_be_one(changed: int) -> None:
    if changed != 1:
        raise StoreError("The evaluation has ended before or is not there; start it anew.")
