"""Trained adapters: what is known of each. Which of them answers is in `activations`; their
files are written and checked elsewhere.
"""

from __future__ import annotations

import time

from localai.errors import StoreError
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.ids import new_id
from localai.store.records import record
from localai.store.tuning import Adapter

SELECT = """SELECT a.id, 'tuned-' || a.number, a.base, a.base_bytes, a.file, a.sha256,
ifnull(a.run, ''), a.created FROM adapters a"""


class Adapters:
    """The part of the store that knows adapters."""

    _db: Database

    def add_adapter(
        self, *, base: str, base_bytes: int, file: str, sha256: str, run: str = ""
    ) -> Adapter:
        """Record an adapter; it answers for its model only when it is activated.

        Fields as in `Adapter`; `run` is "" when no recorded run made it.
        """
        with self._db.write() as db:
            return insert(db, base=base, base_bytes=base_bytes, file=file, sha256=sha256, run=run)

    def adapters(self, base: str = "") -> tuple[Adapter, ...]:
        """All adapters, or those for the model `base` alone; the newest first."""
        with self._db.read() as db:
            rows = db.execute(
                f"{SELECT} WHERE ?1 IN ('', a.base) ORDER BY a.number DESC", (base,)
            ).fetchall()
            return tuple(record(Adapter, row) for row in rows)

    def adapter(self, id_or_name: str) -> Adapter:
        """The adapter with this id or name, in either case. Raises StoreError for none."""
        with self._db.read() as db:
            row = db.execute(
                f"{SELECT} WHERE a.id = upper(?1) OR 'tuned-' || a.number = lower(?1)",
                (id_or_name.strip(),),
            ).fetchone()
            if row is None:
                raise StoreError(
                    f"There is no adapter {id_or_name!r}; adapters are called tuned-1, "
                    "tuned-2 and so on."
                )
            return record(Adapter, row)

    def adapter_sizes(self) -> frozenset[int]:
        """The sizes in bytes of all model files that have an adapter."""
        with self._db.read() as db:
            rows = db.execute("SELECT DISTINCT base_bytes FROM adapters").fetchall()
            return frozenset(size for (size,) in rows)


def insert(
    db: sqlite.Connection, *, base: str, base_bytes: int, file: str, sha256: str, run: str
) -> Adapter:
    """Add an adapter inside the running transaction."""
    if run and db.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone() is None:
        raise StoreError(f"There is no tune run {run!r} that could have made the adapter.")
    id_ = new_id()
    db.execute(
        "INSERT INTO adapters (id, base, base_bytes, file, sha256, run, created) "
        "VALUES (?, ?, ?, ?, ?, nullif(?, ''), ?)",
        (id_, base, base_bytes, file, sha256, run, time.time()),
    )
    return fetch(db, id_)


def fetch(db: sqlite.Connection, adapter_id: str) -> Adapter:
    """The adapter with this id. Raises StoreError when there is none."""
    row = db.execute(f"{SELECT} WHERE a.id = ?", (adapter_id,)).fetchone()
    if row is None:
        raise StoreError(f"There is no adapter with the id {adapter_id!r}; list them anew.")
    return record(Adapter, row)
