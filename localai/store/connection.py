"""One connection to the database file: how it is opened and how it reads and writes.

Every write is one `BEGIN IMMEDIATE` transaction, every read one short deferred one, and
none is left open. A connection may be used from any thread, one call at a time; a user
interface that must never wait for a writer opens a second, read-only one.
The file is created private and never opened other than through SQLite afterwards:
closing a plain descriptor would drop the locks that SQLite holds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from localai import paths
from localai.errors import StoreError
from localai.store.driver import sqlite
from localai.store.faults import plain_words

BUSY_SECONDS = 10.0
CHECKPOINT_PAGES = 1000
PRIVATE = 0o600


class Database:
    """An open database. `what` it is and `where` name it in error messages."""

    def __init__(self, connection: sqlite.Connection, where: str, what: str = "history") -> None:
        self.connection = connection
        self.where, self.what = where, what
        self._lock = threading.RLock()

    @contextmanager
    def read(self) -> Iterator[sqlite.Connection]:
        """A consistent view for the block. Raises StoreError for anything that goes wrong."""
        with self._lock, plain_words(self.where, self.what):
            if self.connection.in_transaction:
                yield self.connection
                return
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self._roll_back()

    @contextmanager
    def write(self) -> Iterator[sqlite.Connection]:
        """A transaction around the block: all of it is on disk afterwards, or nothing."""
        with self._lock, plain_words(self.where, self.what):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def attached(self, path: Path, name: str) -> Iterator[None]:
        """Have another database at hand under that name for the block."""
        with self._lock, plain_words(self.where, self.what):
            self.connection.execute(f"ATTACH ? AS {name}", (str(path),))
            try:
                yield
            finally:
                self.connection.execute(f"DETACH {name}")

    def shed(self) -> None:
        """Write the file anew without any trace of what was deleted, and empty the log.

        Takes the file for itself meanwhile. Raises StoreError when another process keeps
        looking at an older state; what was deleted stays deleted, and trying again helps.
        """
        with self._lock, plain_words(self.where, self.what):
            self.connection.execute("VACUUM")
            busy, *_ = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreError(
                f"Another program keeps an older state of the {self.what} in {self.where} in use; "
                "close it."
            )

    def close(self) -> None:
        """Give the file back. The last writer to close it folds in the write-ahead log."""
        with self._lock, plain_words(self.where, self.what):
            self.connection.close()

    def _roll_back(self) -> None:
        """End the transaction; SQLite may have done it already after an error."""
        with suppress(sqlite.Error):
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")


def connect_memory() -> sqlite.Connection:
    """A database that is never on disk."""
    connection = sqlite.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def connect(path: Path, *, readonly: bool, checkpoints: bool) -> sqlite.Connection:
    """Connect to an existing file and set it up; nothing in it is changed."""
    mode = "mode=ro" if readonly else "mode=rw"
    if readonly and not os.access(path.parent, os.W_OK) and not _log(path).exists():
        # A reader, too, makes the log's files beside the database; where nobody can,
        # nobody can change the database either.
        mode = "immutable=1"
    connection = sqlite.connect(
        f"file:{quote(str(path.absolute()))}?{mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
    )
    try:
        # fullfsync matters on macOS alone, where fsync does not reach the disk.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA fullfsync=ON")
        connection.execute("PRAGMA checkpoint_fullfsync=ON")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES if checkpoints else 0}")
    except BaseException:
        connection.close()
        raise
    return connection


def create_private(path: Path, what: str = "history") -> None:
    """Make the folder (0700) and an empty file (0600) if there is none; close the modes of
    files that are already there. Raises StoreError, which says `what` it is, when that is
    impossible."""
    paths.private_dir(path.parent)
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not the {what}; move it away and try again.")
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
        for file in (path, _log(path), path.with_name(f"{path.name}-shm")):
            with suppress(FileNotFoundError):
                if file.stat().st_mode & 0o077:
                    file.chmod(PRIVATE)
    except OSError as error:
        raise StoreError(
            f"The {what} in {path} cannot be written ({error.strerror}); "
            "check who owns the folder, or point LOCALAI_HOME at one you can write to."
        ) from error


def _log(path: Path) -> Path:
    """Where SQLite keeps the write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")
