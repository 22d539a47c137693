"""Opening a database: private files, the right schema, interrupted answers put right.

A file that is damaged, of a newer schema or of another program is refused and left as it
is; there is no silent fall-back to another one. An empty file counts as new.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from localai.store import migrations
from localai.store.answers import recover
from localai.store.connection import (
    BUSY_SECONDS,
    PRIVATE,
    Database,
    connect,
    connect_memory,
    create_private,
)
from localai.store.driver import sqlite
from localai.store.faults import plain_words


def open_memory() -> Database:
    """A new database in memory."""
    connection = connect_memory()
    migrations.migrate(connection, None)
    return Database(connection, "memory")


def open_database(path: Path, *, readonly: bool, checkpoints: bool) -> Database:
    """The database at `path`, current in schema. Raises StoreError, StoreNewer, StoreDamaged.

    Also a reader needs a current schema: it is made by a short writing connection.
    """
    create_private(path)
    with plain_words(str(path)):
        connection = connect(path, readonly=readonly, checkpoints=checkpoints)
        try:
            if not _current(connection, path):
                _prepare(path)
        except BaseException:
            connection.close()
            raise
    database = Database(connection, str(path))
    if not readonly:
        recover(database)
    return database


def _current(connection: sqlite.Connection, path: Path) -> bool:
    """True when the schema is ours and the write-ahead log is on."""
    if migrations.version(connection, str(path)) < len(migrations.STEPS):
        return False
    return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal")


def _prepare(path: Path) -> None:
    """Turn the log on and bring the schema up to date, one process at a time."""
    # Imported here because it is needed once per version, and starting must be fast.
    from filelock import FileLock

    lock = FileLock(path.with_name(path.name + ".lock"), timeout=BUSY_SECONDS, mode=PRIVATE)
    with lock, closing(connect(path, readonly=False, checkpoints=True)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        migrations.migrate(connection, path)
