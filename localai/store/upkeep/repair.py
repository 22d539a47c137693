"""Salvages a damaged database: what can be read goes into a new file, which takes its place.

What cannot be read comes from the newest automatic backup that is sound, where there is one.
It may be something that the user took back or removed since, so nothing is learned from it and
no conversation that is in the backup alone is in sight, until the user says so. The damaged file
is kept beside the new one, and no backup is touched.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from pathlib import Path

import msgspec

from localai.errors import StoreDamaged, StoreError, StoreNewer
from localai.store import columns, migrations, opening
from localai.store.backup import sync, unused
from localai.store.connection import connect, create_private
from localai.store.driver import sqlite
from localai.store.faults import plain_words
from localai.store.upkeep import aside, carve, daily, mending, restoring
from localai.store.upkeep.pages import Pages, lost_log
from localai.store.upkeep.records_raw import Value
from localai.store.upkeep.scope import json

LATEST = 1_000
"""No schema of a newer localai has such a number; a larger one is damage."""
_WAITING = {"corrections": "withdrawn", "examples": "pending"}
"""The state of what waits to be accepted; the text of such a correction is not learned, too."""


class Repaired(msgspec.Struct, frozen=True):
    """How many rows of each table are in the new file; `kept` is the damaged one. So many of
    them, `lent`, are from `backup`, None where there was none."""

    rows: dict[str, int]
    kept: Path
    lent: int
    backup: Path | None


def repair(path: Path) -> Repaired | None:
    """Repair the database at `path`; None when nothing is wrong with it.

    No store may be open in this process. Raises StoreError when it is open elsewhere, is
    of a newer localai, or holds nothing of ours; then nothing is changed.
    """
    if not path.exists() or is_sound(path):
        return None
    new = unused(path.with_name(f"{path.name}.salvage"))
    try:
        with aside.exclusively(path) as descriptor, _lender(path.parent) as lender:
            with plain_words(str(new)):
                rows, lent = _salvage(descriptor, path, new, lender.database if lender else None)
            if not rows["messages"] and not rows["conversations"]:
                raise StoreError(
                    f"Nothing of a history can be read in {path}; it was left as it is. "
                    "Restore a backup: `localai backup --list` shows them."
                )
            kept = aside.put_aside(path, new)
    finally:
        new.unlink(missing_ok=True)
    return Repaired(rows, kept, lent, lender.path if lender else None)


def is_sound(path: Path) -> bool:
    """Whether the store can use the file, all of it. Raises StoreNewer, or StoreError for
    what no repair helps with."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and lost_log(log.read_bytes()):
        return False
    try:
        database = opening.open_database(path, readonly=True, checkpoints=False)
        with closing(database), database.read() as db:
            for row in db.execute(f"SELECT {columns.MESSAGE} FROM messages m"):
                columns.message(row, ())
            for table, found in _rows(db, "corrections", "examples"):
                if mending.readable(table, found) != found:
                    return False
            whole = db.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
            return whole and not db.execute("PRAGMA foreign_key_check").fetchall()
    except StoreDamaged:
        return False
    except StoreNewer:
        if _schema(path) < LATEST:
            raise
        return False
    except StoreError:
        # A broken header looks as if it were another program's.
        if _foreign(path):
            raise
        return False


def _schema(path: Path) -> int:
    with closing(connect(path, readonly=True, checkpoints=False)) as db:
        number: int = db.execute("PRAGMA user_version").fetchone()[0]
        return number


def _foreign(path: Path) -> bool:
    """Whether a database that can be read has no table of ours."""
    with suppress(sqlite.Error), closing(connect(path, readonly=True, checkpoints=False)) as db:
        return not db.execute(
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('conversations', 'messages')"
        ).fetchone()[0]
    return False


class _Lender(msgspec.Struct, frozen=True):
    """A backup, and the database that is in it, of the present schema."""

    path: Path
    database: Path


@contextmanager
def _lender(data: Path) -> Iterator[_Lender | None]:
    """The newest automatic backup that is sound, unpacked for the block."""
    lender = None
    with ExitStack() as unpacked:
        for _, path in daily.times(data):
            with suppress(StoreError, OSError):
                found = unpacked.enter_context(restoring.candidate(path, data))
                lender = _Lender(path, found.database)
                break
        yield lender


def _salvage(
    descriptor: int, path: Path, new: Path, lender: Path | None
) -> tuple[dict[str, int], int]:
    """Fill a new database with what the damaged one holds, and with what the lender's has of
    the rest and of what has broken text; rows by table, and how many of all were lent."""
    create_private(new)
    log = path.with_name(f"{path.name}-wal")
    frames = log.read_bytes() if log.exists() else b""
    size = os.fstat(descriptor).st_size
    with (
        mmap.mmap(descriptor, size, access=mmap.ACCESS_READ) if size else nullcontext(b"") as file,
        closing(Pages(file, frames)) as pages,
        closing(connect(new, readonly=False, checkpoints=True)) as db,
    ):
        migrations.migrate(db, None, migrations.STEPS)
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute("BEGIN IMMEDIATE")
        doubtful, named = [], set()
        for table, row in carve.rows(pages, carve.Shapes(db)):
            if table in ("conversations", "messages"):
                named.add(row["id" if table == "conversations" else "conversation"])
            if mending.doubtful(row):
                doubtful.append((table, row))
            else:
                _insert(db, table, row)
        lent = _lend(db, lender) if lender else 0
        for table, row in doubtful:
            _insert(db, table, row)
        mending.mend(db)
        _hide_others(db, named)
        db.execute("COMMIT")
        _check(db)
        found = _count(db)
    sync(new)
    return found, lent


def _lend(db: sqlite.Connection, lender: Path) -> int:
    """Add what a sound database has of the rest, to be learned from only once it is accepted;
    how many rows."""
    lent = 0
    with closing(connect(lender, readonly=True, checkpoints=False)) as other:
        for table, row in _rows(other, *carve.TABLES, *carve.KEYED):
            waits = table in _WAITING and row["state"] == "accepted"
            added = _insert(db, table, row | {"state": _WAITING[table]} if waits else row)
            if added and waits and table == "corrections":
                db.execute("UPDATE messages SET learn = 0 WHERE id = ?", (row["chosen"],))
            lent += added
    return lent


def _hide_others(db: sqlite.Connection, named: set[Value]) -> None:
    """Take the conversations out of sight that no row of the damaged database names."""
    listed = json(str(id_) for id_ in named)
    db.execute(
        "UPDATE conversations SET deleted = ? WHERE deleted IS NULL AND kind = 'chat' "
        "AND id NOT IN (SELECT value FROM json_each(?))",
        (time.time(), listed),
    )


def _rows(db: sqlite.Connection, *tables: str) -> Iterator[tuple[str, carve.Row]]:
    """(Table, row) of everything in these tables."""
    for table in tables:
        found = db.execute(f"SELECT * FROM {table}")
        names = [name for name, *_ in found.description]
        for row in found:
            yield table, dict(zip(names, row, strict=True))


def _insert(db: sqlite.Connection, table: str, found: carve.Row) -> int:
    """Add a row as the store can read it, unless one with the same identity is there; how
    many that were."""
    row = mending.readable(table, found)
    if row is None:
        return 0
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"
    return db.execute(insert, tuple(row.values())).rowcount


def _check(db: sqlite.Connection) -> None:
    """Raise StoreError unless the new database is whole."""
    whole = db.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
    if not whole or db.execute("PRAGMA foreign_key_check").fetchall():
        raise StoreError("What could be read does not fit together; the history is as it was.")


def _count(db: sqlite.Connection) -> dict[str, int]:
    return {
        table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in (*carve.TABLES, *carve.KEYED)
    }
