"""Salvages a damaged database: what can be read goes into a new file, which takes its place.

The damaged file is kept beside it, and no backup is touched. What was lost may be in a
backup: merging one in afterwards adds it.
"""

from __future__ import annotations

import mmap
import os
from contextlib import closing, nullcontext, suppress
from pathlib import Path

import msgspec

from localai.errors import StoreDamaged, StoreError, StoreNewer
from localai.store import columns, migrations, opening
from localai.store.backup import sync, unused
from localai.store.connection import connect, create_private
from localai.store.driver import sqlite
from localai.store.faults import plain_words
from localai.store.upkeep import aside, carve, mending
from localai.store.upkeep.pages import Pages, lost_log

LATEST = 1_000
"""No schema of a newer localai has such a number; a larger one is damage."""


class Repaired(msgspec.Struct, frozen=True):
    """How many rows of each table are in the new file; `kept` is the damaged one."""

    rows: dict[str, int]
    kept: Path


def repair(path: Path) -> Repaired | None:
    """Repair the database at `path`; None when nothing is wrong with it.

    No store may be open in this process. Raises StoreError when it is open elsewhere, is
    of a newer localai, or holds nothing of ours; then nothing is changed.
    """
    if not path.exists() or is_sound(path):
        return None
    new = unused(path.with_name(f"{path.name}.salvage"))
    try:
        with aside.exclusively(path) as descriptor, plain_words(str(new)):
            rows = _salvage(descriptor, path, new)
            if not rows.get("messages") and not rows.get("conversations"):
                raise StoreError(
                    f"Nothing of a history can be read in {path}; it was left as it is. "
                    "Restore a backup: `localai backup --list` shows them."
                )
            kept = aside.put_aside(path, new)
    finally:
        new.unlink(missing_ok=True)
    return Repaired(rows, kept)


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


def _salvage(descriptor: int, path: Path, new: Path) -> dict[str, int]:
    """Fill a new database with what the damaged one holds; rows by table."""
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
        for table, row in carve.rows(pages, carve.Shapes(db)):
            if (kept := mending.readable(table, row)) is not None:
                _insert(db, table, kept)
        mending.mend(db)
        db.execute("COMMIT")
        _check(db)
        found = _count(db)
    sync(new)
    return found


def _insert(db: sqlite.Connection, table: str, row: carve.Row) -> None:
    """Add a row, unless one with the same identity is there."""
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"
    db.execute(insert, tuple(row.values()))


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
