"""A verified copy of the database, made through SQLite, in the `backups` folder beside it.

Rotation, restoring and copies with more than the database are in `upkeep`.
"""

from __future__ import annotations

import os
import time
from contextlib import closing, suppress
from pathlib import Path

from localai import paths
from localai.errors import StoreError
from localai.store.connection import connect, create_private
from localai.store.driver import sqlite

STAMP = "%Y%m%dT%H%M%SZ"

# Every table of ours is strict; those inside the full-text indexes are not.
_OURS = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict"


def back_up(db: sqlite.Connection, path: Path, label: str) -> Path:
    """Copy the open database at `path` to `backups/NAME-LABEL-TIME.db` and return that.

    The copy gets its name only after it was read back and found whole. Raises StoreError
    when it cannot be made; the database is untouched in any case.
    """
    folder = paths.private_dir(path.parent / "backups")
    final = unused(folder / f"{path.stem}-{label}-{stamp()}.db")
    copy_to(db, path, final)
    return final


def copy_to(db: sqlite.Connection, path: Path, final: Path) -> None:
    """Copy the open database at `path` to `final`, as `back_up` does."""
    partial = final.with_suffix(".partial")
    try:
        with suppress(FileNotFoundError):
            partial.unlink()
        create_private(partial)
        before = _changes(db)
        db.execute("VACUUM INTO ?", (str(partial),))
        _verify(partial, db, before)
        sync(partial)
        partial.rename(final)
        sync(final.parent)
    except (sqlite.Error, OSError) as error:
        partial.unlink(missing_ok=True)
        raise StoreError(
            f"No copy of {path} could be made ({error}); "
            f"free space in {final.parent} and try again. Nothing was changed."
        ) from error


def stamp() -> str:
    """The present second, UTC, as it stands in file names."""
    return time.strftime(STAMP, time.gmtime())


def unused(path: Path) -> Path:
    """The path, or with a number behind its stem where it is taken: no copy replaces another."""
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def _changes(db: sqlite.Connection) -> tuple[int, int]:
    """Two numbers, one of which is another once the database was changed, by any connection."""
    return db.execute("PRAGMA data_version").fetchone()[0], db.total_changes


def _verify(copy: Path, db: sqlite.Connection, before: tuple[int, int]) -> None:
    """Raise sqlite.DatabaseError unless the copy is sound and holds as many rows as the open
    database, where nothing has changed in that since `before`; the copy is of one moment."""
    with closing(connect(copy, readonly=True, checkpoints=False)) as other:
        if other.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite.DatabaseError("the copy is not sound")
        for (table,) in db.execute(_OURS).fetchall():
            count = f"SELECT count(*) FROM {table}"
            same = other.execute(count).fetchone() == db.execute(count).fetchone()
            if not same and _changes(db) == before:
                raise sqlite.DatabaseError("the copy is not complete")


def sync(path: Path) -> None:
    """Make the file or folder durable. No connection to it is open."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
