"""Opening a database: private files, the right schema, interrupted answers put right.

A file that is damaged, of a newer schema or of another program is refused and left as it
is; there is no silent fall-back to another one. An empty file counts as new.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from localai.errors import StoreDamaged, StoreError
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
    migrations.migrate(connection, None, migrations.STEPS)
    return Database(connection, "memory")


def open_database(path: Path, *, readonly: bool, checkpoints: bool) -> Database:
    """The database at `path`, current in schema. Raises StoreError, StoreNewer, StoreDamaged.

    Also a reader needs a current schema: it is made by a short writing connection.
    """
    create_private(path)
    with plain_words(str(path)):
        connection = connect(path, readonly=readonly, checkpoints=checkpoints)
        try:
            version = migrations.version(connection, str(path), migrations.STEPS)
            if version < len(migrations.STEPS) or not (readonly or _has_log(connection)):
                _prepare(path)
        except BaseException:
            connection.close()
            raise
    database = Database(connection, str(path))
    if not readonly:
        _recover(database)
    return database


def _recover(database: Database) -> None:
    """Put interrupted answers right, or leave it to the next time: they read so anyway."""
    try:
        recover(database)
    except StoreDamaged:
        database.close()
        raise
    except StoreError:
        # A full disk, most likely: what is there can still be read.
        return


def _has_log(connection: sqlite.Connection) -> bool:
    """True when the write-ahead log is on; it is not in a copy made for a backup."""
    return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal")


def _prepare(path: Path) -> None:
    """Bring the schema up to date and turn the log on, one process at a time."""
    # Imported here because it is needed once per version, and starting must be fast.
    from filelock import FileLock

    lock = FileLock(path.with_name(path.name + ".lock"), timeout=BUSY_SECONDS, mode=PRIVATE)
    try:
        lock.acquire()
    except OSError as error:
        raise StoreError(
            f"The history in {path} cannot be set up ({error}); check that its folder can be "
            "written and that no other localai hangs, then try again."
        ) from error
    try:
        with closing(connect(path, readonly=False, checkpoints=True)) as connection:
            migrations.migrate(connection, path, migrations.STEPS)
            connection.execute("PRAGMA journal_mode=WAL")
    finally:
        lock.release()
