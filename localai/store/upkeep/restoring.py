"""Bringing a backup back, in the place of the present data; `merging` adds one to it.

The backup is read and checked whole, in a folder of its own, before anything else happens;
what it replaces is backed up first. The database itself is exchanged by SQLite's own backup
interface in one transaction, so programs that have it open go on with the new content; when
one of them saves something after the present data was backed up, nothing is exchanged.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from localai import paths
from localai.errors import StoreDamaged, StoreError
from localai.store import opening
from localai.store.backup import stamp, unused
from localai.store.connection import BUSY_SECONDS, Database, connect, create_private
from localai.store.driver import sqlite
from localai.store.faults import plain_words
from localai.store.upkeep import archive, aside, locks, placing

FIRST_PAGES = 8
LOCKED = "Another program keeps the history locked; close it and try again. Nothing was replaced."
CHANGED = (
    "Something was saved in the history while it was being replaced; close the other localai "
    "and try again. Nothing was replaced."
)


class Candidate(msgspec.Struct, frozen=True):
    """A backup that was read and found whole, unpacked: its database, of the present schema,
    and what came with it. `latest` is when it was last used, Unix time, 0 for never;
    `servers` are the MCP servers of its settings, each with its command."""

    database: Path
    folder: Path
    latest: float
    conversations: int
    messages: int
    settings: bool
    adapters: tuple[str, ...]
    servers: tuple[str, ...]


class Restored(msgspec.Struct, frozen=True):
    """`kept` is where the data that was replaced is now, `settings` where the settings are;
    None when there was nothing, or the same settings."""

    kept: Path | None
    settings: Path | None


@contextmanager
def candidate(path: Path, data: Path) -> Iterator[Candidate]:
    """A backup, unpacked for the block. Raises StoreError for what is no whole backup,
    StoreNewer for one of a newer localai; nothing is changed."""
    if not path.is_file():
        raise StoreError(f"There is no file {path}; `localai backup --list` shows backups.")
    paths.private_dir(data)
    with tempfile.TemporaryDirectory(dir=data, prefix="restore-", suffix=".partial") as folder:
        yield _unpacked(path, Path(folder))


def _unpacked(path: Path, folder: Path) -> Candidate:
    database = folder / archive.DATABASE
    if path.suffix == archive.SUFFIX:
        names = {member.name for member in archive.unpack(path, folder).files}
        if archive.DATABASE not in names:
            raise StoreError(f"{path} is no whole backup (it has no database).")
    else:
        create_private(database)
        # By SQLite, because the file may be a database that some program has open.
        with plain_words(str(path)), closing(connect(path, readonly=True, checkpoints=False)) as db:
            db.execute("VACUUM INTO ?", (str(database),))
        names = {archive.DATABASE}
    with plain_words(str(path)), closing(connect(database, readonly=True, checkpoints=False)) as db:
        if not db.execute("PRAGMA user_version").fetchone()[0]:
            raise StoreError(f"{path} holds no history; choose another backup.")
    conversations, messages, latest = _counted(database, path)
    adapters = {name.split("/")[1] for name in names if name.startswith("adapters/")}
    settings = archive.SETTINGS in names
    servers = placing.servers(folder / archive.SETTINGS) if settings else ()
    return Candidate(
        database,
        folder,
        latest,
        conversations,
        messages,
        settings,
        tuple(sorted(adapters)),
        servers,
    )


def _counted(database: Path, path: Path) -> tuple[int, int, float]:
    """Conversations, messages and the time of last use in an unpacked database, which is
    checked and brought up to date. Raises StoreError, naming the backup, when it is damaged."""
    found = Database(_current(database), str(path))
    try:
        with found.read() as db:
            if db.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                raise StoreError(f"{path} is damaged; choose another backup.")
            conversations, messages = archive.size(db)
            latest = db.execute("SELECT ifnull(max(updated), 0.0) FROM conversations").fetchone()[0]
    finally:
        found.close()
    return conversations, messages, latest


def _current(database: Path) -> sqlite.Connection:
    """The unpacked database, brought to the present schema."""
    opening.open_database(database, readonly=False, checkpoints=True).close()
    return connect(database, readonly=False, checkpoints=True)


def restore(found: Candidate, path: Path) -> Restored:
    """Put the backup in the place of the database at `path`, its adapters and the settings.

    Raises StoreError, and replaces nothing, when another program holds the database locked or
    saves something meanwhile.
    """
    data = path.parent
    with locks.held(paths.tune_lock(data), "A tune is running; wait for it or stop it."):
        with locks.copying(data):
            damaged = None if _sound(path) else aside.set_aside(path)
            kept = _replace(found, path)
        brought = found.folder / archive.SETTINGS
        settings = placing.settings(brought) if found.settings else None
    return Restored(kept or damaged, settings)


def _sound(path: Path) -> bool:
    """Whether the present database can be read, or is not there at all."""
    if not path.exists() or not path.stat().st_size:
        return True
    try:
        with (
            closing(opening.open_database(path, readonly=True, checkpoints=False)) as database,
            database.read() as db,
        ):
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except StoreDamaged:
        return False


def _replace(found: Candidate, path: Path) -> Path | None:
    """Keep the present data and put the found in its place; where it is kept, None where there
    was none. Nothing that another program saves meanwhile is overwritten."""
    new = not path.exists() or not path.stat().st_size
    with plain_words(str(path)):
        # Made where it is not there, and brought to the present schema.
        opening.open_database(path, readonly=False, checkpoints=True).close()
        with closing(connect(path, readonly=False, checkpoints=False)) as present:
            # Says at once when somebody keeps it locked.
            present.execute("BEGIN IMMEDIATE")
            present.execute("ROLLBACK")
            version = _version(present)
            (holds,) = present.execute("SELECT EXISTS (SELECT 1 FROM conversations)").fetchone()
            kept = _keep_present(path) if holds or not new else None
            placing.adapt(found.database, found.adapters, path.parent)
            with placing.adapters(found.folder / "adapters", found.adapters, path.parent):
                _exchange(found.database, path, lambda: _version(present) == version)
    return kept


def _version(db: sqlite.Connection) -> int:
    """A number that is another one once any other connection has changed the database."""
    number: int = db.execute("PRAGMA data_version").fetchone()[0]
    return number


def _keep_present(path: Path) -> Path:
    """Back up the present data."""
    place = unused(paths.backups(path.parent) / f"{path.stem}-before-restore-{stamp()}.tar")
    with closing(opening.open_database(path, readonly=True, checkpoints=False)) as database:
        archive.write(database, path.parent, place)
    return place


def _exchange(copy: Path, path: Path, unchanged: Callable[[], bool]) -> None:
    """Let the database at `path` have the copy's content, in one transaction, which goes on
    only when it is unchanged once nobody else can write. Raises StoreError."""
    give_up, locked = time.monotonic() + BUSY_SECONDS, False

    def look(status: int, *_: int) -> None:
        nonlocal locked
        if status in (sqlite.SQLITE_BUSY, sqlite.SQLITE_LOCKED):
            if time.monotonic() > give_up:
                raise StoreError(LOCKED)
        elif not locked:
            locked = True
            if not unchanged():
                raise StoreError(CHANGED)

    with (
        closing(connect(copy, readonly=True, checkpoints=False)) as source,
        closing(connect(path, readonly=False, checkpoints=True)) as target,
    ):
        # The first pages lock the target; every database of ours has far more.
        source.backup(target, pages=FIRST_PAGES, progress=look)
