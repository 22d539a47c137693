"""Opening a database: private files, the right schema, interrupted answers put right.

A file that is damaged, of a newer schema or of another program is refused and left as it
is; there is no silent fall-back to another one. An empty file counts as new.
"""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

from localai.errors import StoreError
from localai.store import answers, migrations
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
    # Looked at by a reader first: even closing a writer would change a refused file.
    reader = Database(_connect(path, readonly=True), str(path))
    try:
        if not _ready(reader, readonly):
            with plain_words(str(path)):
                _prepare(path)
        dead = () if readonly else answers.abandoned(reader)
    except BaseException:
        reader.close()
        raise
    if readonly:
        return reader
    reader.close()
    database = Database(_connect(path, readonly=False, checkpoints=checkpoints), str(path))
    # On a full disk the mark must wait; the answers read as interrupted all the same.
    with suppress(StoreError):
        answers.mark_interrupted(database, dead)
    return database


def open_existing(path: Path) -> Database | None:
    """A reader for a process that may make and migrate nothing; None where nothing is yet.

    Beside the database it needs to write the log's index (32 KB for each 16 MB of log).
    Raises StoreError, StoreNewer, StoreDamaged, and StoreError for an older schema.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    reader = Database(_connect(path, readonly=True), str(path))
    try:
        if _ready(reader, readonly=True):
            return reader
    except BaseException:
        reader.close()
        raise
    reader.close()
    raise StoreError(
        f"The history in {path} is of an older localai; run localai history list once, "
        "which brings it up to date."
    )


def _connect(path: Path, *, readonly: bool, checkpoints: bool = False) -> sqlite.Connection:
    """Connect, or say in plain words why not."""
    with plain_words(str(path)):
        return connect(path, readonly=readonly, checkpoints=checkpoints)


def _ready(reader: Database, readonly: bool) -> bool:
    """True when the schema is current and, for writers, the write-ahead log is on."""
    with reader.read() as db:
        version = migrations.version(db, reader.where, migrations.STEPS)
        return version == len(migrations.STEPS) and (readonly or _has_log(db))


def _has_log(connection: sqlite.Connection) -> bool:
    """True when the write-ahead log is on; it is not in a copy made for a backup."""
    return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal")


def _prepare(path: Path) -> None:
    """Bring the schema up to date and turn the log on, one process at a time."""
    # Imported here because it is needed once per version, and starting must be fast.
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(path.name + ".lock"), timeout=BUSY_SECONDS, mode=PRIVATE)
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreError(
            f"Another localai has kept the history in {path} locked for too long; "
            "close it and try again."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The folder {path.parent} cannot be written ({error.strerror}); "
            "check who owns it, or point LOCALAI_HOME at one you can write to."
        ) from error
    try:
        with closing(connect(path, readonly=False, checkpoints=True)) as connection:
            migrations.migrate(connection, path, migrations.STEPS)
            connection.execute("PRAGMA journal_mode=WAL")
    finally:
        lock.release()
