"""Adapters: what is known of each, and what they are called. Which of them answers is in
`activations`; their files are written and checked elsewhere.
"""

from __future__ import annotations

import re
import time

from localai.errors import StoreError, UsageError
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.ids import is_id, new_id
from localai.store.records import record
from localai.store.tuning import Adapter

SELECT = """SELECT a.id, ifnull(a.name, 'tuned-' || a.number), a.base, a.base_bytes, a.file,
a.sha256, ifnull(a.run, ''), a.created FROM adapters a"""

BARE = "base"
"""What the bare model is called where an adapter can be named."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_NUMBERED = re.compile(r"tuned-[0-9]+")


class Adapters:
    """The part of the store that knows adapters."""

    _db: Database

    def add_adapter(
        self,
        *,
        base: str,
        base_bytes: int,
        file: str,
        sha256: str,
        run: str = "",
        name: str = "",
    ) -> Adapter:
        """Record an adapter; it answers for its model only when it is activated.

        Fields as in `Adapter`; `run` is "" when no recorded run made it, `name` to call it
        by its number. Raises UsageError when it cannot be called that.
        """
        with self._db.write() as db:
            made = insert(db, base=base, base_bytes=base_bytes, file=file, sha256=sha256, run=run)
            return _call(db, made, name) if name else made

    def rename_adapter(self, adapter_id: str, name: str) -> Adapter:
        """Call it something else; by the name it was made with, tuned-3 say, it is still found.

        Raises UsageError when it cannot be called that, StoreError for no such adapter.
        """
        with self._db.write() as db:
            return _call(db, fetch(db, adapter_id), name)

    def check_adapter_name(self, name: str) -> None:
        """Raise UsageError when no new adapter can be called that."""
        with self._db.read() as db:
            _check_name(db, name, "")

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
                f"{SELECT} WHERE a.id = upper(?1) OR lower(a.name) = lower(?1) "
                "OR 'tuned-' || a.number = lower(?1)",
                (id_or_name.strip(),),
            ).fetchone()
            if row is None:
                raise StoreError(
                    f"There is no adapter {id_or_name!r}; `localai adapters list` names those of "
                    "the model in use."
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


def _call(db: sqlite.Connection, adapter: Adapter, name: str) -> Adapter:
    """Give an adapter a name inside the running transaction."""
    number = db.execute("SELECT number FROM adapters WHERE id = ?", (adapter.id,)).fetchone()[0]
    own = name.strip().lower() == f"tuned-{number}"
    if not own:
        _check_name(db, name, adapter.id)
    db.execute(
        "UPDATE adapters SET name = ? WHERE id = ?", (None if own else name.strip(), adapter.id)
    )
    return fetch(db, adapter.id)


def _check_name(db: sqlite.Connection, name: str, adapter_id: str) -> None:
    """Raise UsageError unless the name is one and no other adapter has it."""
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a name; use up to 40 letters, digits, dots, dashes, underscores."
        )
    if name.lower() == BARE or _NUMBERED.fullmatch(name.lower()) or is_id(name.upper()):
        raise UsageError(f"{name} means something else already; choose another name.")
    taken = "SELECT 1 FROM adapters WHERE lower(name) = lower(?) AND id <> ?"
    if db.execute(taken, (name, adapter_id)).fetchone():
        raise UsageError(f"Another adapter is called {name} already; choose another name.")
