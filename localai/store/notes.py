"""The index of the user's notes: the text of their files in passages, for full-text search.

A database of its own, in which nothing is precious: all of it can be read again from the
files. So a damaged one, or one of another version, is thrown away instead of repaired. Which
files are read, and how, is decided by the caller. Several processes may use it at once; a
lock file beside it keeps them off while it is made or thrown away.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from localai.errors import StoreDamaged, StoreError
from localai.store import match, notes_files, notes_schema
from localai.store.connection import Database, connect, create_private
from localai.store.driver import sqlite
from localai.store.faults import plain_words

WHAT = "index of the notes"
BUSY_SECONDS = 3.0  # as long as other calls may go on
POLL_SECONDS = 0.02
CHECKPOINT_PAGES = 8_000  # a first index goes in at once, and each checkpoint waits for the disk

Key = tuple[bytes, bytes]
"""A file: an allowed folder's absolute path and the path inside it, as the system has them."""


class NoteFile(msgspec.Struct, frozen=True):
    """What is known of a file: its size in bytes, when it was modified (ns), the sha256 of
    its content (hex), the part to go on from (0: all is in), and whether it can be read."""

    size: int
    modified: int
    sha256: str
    rest: int = 0
    readable: bool = True


class Passage(msgspec.Struct, frozen=True):
    """A stretch of a file's text; `place` is its first line, or its page, from 1."""

    place: int
    text: str


class Found(msgspec.Struct, frozen=True):
    """A passage that a search found, whole, in pieces: (text, True where it matched)."""

    file: Key
    place: int
    pieces: tuple[tuple[str, bool], ...]


class Notes:
    """An open index. Every method raises StoreError; at StoreDamaged, `discard` helps."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: Database | None = None
        create_private(path, WHAT)
        try:
            self._lock = os.open(f"{path}.lock", notes_files.LOCK_FLAGS, notes_files.PRIVATE)
        except OSError as error:
            raise StoreError(
                f"The lock file {path}.lock cannot be opened ({error.strerror}); "
                "check who owns it and its folder."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            try:
                self._open()
            except StoreDamaged:
                self.discard()
        except BaseException:
            self.close()
            raise

    def known(self) -> dict[Key, NoteFile]:
        """Every file of the index."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT folder, path, size, modified, sha256, rest, readable FROM files"
            )
            return {
                (folder, path): NoteFile(size, modified, sha256, rest, bool(readable))
                for folder, path, size, modified, sha256, rest, readable in rows
            }

    def replace(self, key: Key, file: NoteFile, name: str, passages: Iterable[Passage]) -> None:
        """Put a file in, in the place of what was known of it; `name` is searched, too.

        Nothing is done when another process has just put in the same.
        """
        columns = (file.size, file.modified, file.sha256, file.rest, file.readable)
        with self._database.write() as db:
            there = db.execute(
                "SELECT size, modified, sha256, rest, readable FROM files "
                "WHERE folder = ? AND path = ?",
                key,
            ).fetchone()
            if there == columns:
                return
            db.execute("DELETE FROM files WHERE folder = ? AND path = ?", key)
            number = db.execute(
                "INSERT INTO files (folder, path, size, modified, sha256, rest, readable) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*key, *columns),
            ).lastrowid
            _add(db, number, name, passages)

    def extend(
        self, key: Key, before: NoteFile, after: NoteFile, name: str, passages: Iterable[Passage]
    ) -> None:
        """Add passages to a file of which `before` is known, `after` from now on.

        Nothing is done when another process has changed the file's row meanwhile.
        """
        with self._database.write() as db:
            row = db.execute(
                "SELECT number FROM files WHERE folder = ? AND path = ? "
                "AND sha256 = ? AND rest = ?",
                (*key, before.sha256, before.rest),
            ).fetchone()
            if row is None:
                return
            db.execute(
                "UPDATE files SET size = ?, modified = ?, rest = ?, readable = ? WHERE number = ?",
                (after.size, after.modified, after.rest, after.readable, row[0]),
            )
            _add(db, row[0], name, passages)

    def remove(self, key: Key) -> None:
        """Take a file out with all its passages."""
        with self._database.write() as db:
            db.execute("DELETE FROM files WHERE folder = ? AND path = ?", key)

    def search(self, query: str, limit: int, keep: Callable[[Key], bool]) -> tuple[Found, ...]:
        """The passages that fit `query` best, of files that `keep` lets through.

        Those with all of its words come before those with some.
        """
        found: dict[int, Found] = {}
        with self._database.read() as db:
            for question in match.questions(query):
                rows = db.execute(
                    """SELECT f.folder, f.path, p.number, p.place,
                        highlight(passage_text, 1, ?, ?)
                    FROM passage_text JOIN passages p ON p.number = passage_text.rowid
                    JOIN files f ON f.number = p.file
                    WHERE passage_text MATCH ? ORDER BY passage_text.rank""",
                    (match.OPEN, match.CLOSE, question),
                )
                for folder, path, number, place, text in rows:
                    if len(found) == limit:
                        break
                    if number not in found and keep((folder, path)):
                        found[number] = Found((folder, path), place, match.pieces(text))
        return tuple(found.values())

    def discard(self) -> None:
        """Throw the index away and begin an empty one, once nobody else is using it.

        When another process has done so since this one opened it, that one's is taken.
        """
        self._close_database()
        with self._alone(lambda: self._generation() != self._opened) as still_needed:
            if still_needed:
                notes_files.unlink(self._path, self._lock)
            create_private(self._path, WHAT)
        self._open()

    def close(self) -> None:
        """Give the files back."""
        self._close_database()
        os.close(self._lock)

    def _open(self) -> None:
        while self._db is None:
            self._opened = self._generation()
            with plain_words(str(self._path), WHAT):
                connection = self._connected()
            if self._opened == self._generation():
                self._db = Database(connection, str(self._path), WHAT)
            else:  # thrown away while the schema was waited for
                connection.close()

    def _connected(self) -> sqlite.Connection:
        connection = connect(self._path, readonly=False, checkpoints=True)
        try:
            # A power failure may cost the last files, which are then read again.
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            if not notes_schema.current(connection):
                with self._alone(lambda: notes_schema.current(connection)) as still_needed:
                    if still_needed:
                        connection.execute("PRAGMA journal_mode=WAL")
                        notes_schema.create(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _generation(self) -> int:
        """How often the index was thrown away: the length of the lock file."""
        return os.fstat(self._lock).st_size

    @contextmanager
    def _alone(self, needless: Callable[[], bool]) -> Iterator[bool]:
        """Wait until no other process has the index open, and keep them off; True then.

        False, and at once, when it is `needless`, as another process has done it.
        """
        deadline = time.monotonic() + BUSY_SECONDS
        while not (done := needless()):
            with suppress(BlockingIOError):
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                done = needless()
                break
            if time.monotonic() > deadline:
                raise StoreError(f"Another program keeps the {WHAT} in use; try again.")
            time.sleep(POLL_SECONDS)
        try:
            yield not done
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def _close_database(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    @property
    def _database(self) -> Database:
        assert self._db is not None
        return self._db


def _add(db: sqlite.Connection, file: int | None, name: str, passages: Iterable[Passage]) -> None:
    db.executemany(
        "INSERT INTO passages (file, place, name, text) VALUES (?, ?, ?, ?)",
        ((file, passage.place, name, passage.text) for passage in passages),
    )
