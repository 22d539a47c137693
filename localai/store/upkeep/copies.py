"""The copies of a history in its data folder: which there are, and which hold something."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from localai import paths
from localai.errors import StoreError
from localai.store import faults
from localai.store.connection import connect
from localai.store.driver import sqlite
from localai.store.upkeep import archive
from localai.store.upkeep.scope import json

LEFT_ASIDE = ("*.damaged*", "*.partial", "*.salvage*")


def listed(data: Path) -> list[Path]:
    """Every copy in the folder of backups, the oldest first."""
    found = [
        each
        for each in paths.backups(data).glob("*")
        if each.suffix in (".db", archive.SUFFIX) and each.is_file()
    ]
    return sorted(found, key=lambda each: (each.stat().st_mtime_ns, each.name))


def leftovers(data: Path) -> list[Path]:
    """Damaged databases that were set aside, and what copying that broke off has left."""
    folders = (data, paths.backups(data))
    return [each for folder in folders for name in LEFT_ASIDE for each in folder.glob(name)]


class Found(msgspec.Struct, frozen=True):
    """The copies that hold something, and those that could not be looked into just now, each
    with why."""

    holding: tuple[Path, ...]
    unread: tuple[tuple[Path, str], ...]


def search(data: Path, conversations: Iterable[str], messages: Iterable[str]) -> Found:
    """Which copies hold one of these. A damaged copy of ours counts, as one cannot know;
    archives of other programs do not."""
    of, ids = json(conversations), json(messages)
    holding: list[Path] = []
    unread: list[tuple[Path, str]] = []
    for each in listed(data):
        try:
            if _holds(each, of, ids):
                holding.append(each)
        except (OSError, StoreError, sqlite.Error) as error:
            why = error.__cause__ or error  # the disk's own word, without our sentence around it
            unread.append((each, getattr(why, "strerror", None) or str(why)))
    return Found(tuple(holding), tuple(unread))


def sound(path: Path) -> bool:
    """Whether a copy of the database can be read, all of it."""
    try:
        with closing(connect(path, readonly=True, checkpoints=False)) as db:
            return bool(db.execute("PRAGMA quick_check").fetchone()[0] == "ok")
    except sqlite.Error:
        return False


def _holds(path: Path, conversations: str, messages: str) -> bool:
    """Raises OSError, StoreError and sqlite.Error for what says nothing about the copy: no
    space or memory, no permission, a lock, a disk that fails."""
    try:
        if path.suffix != archive.SUFFIX:
            return _has(path, conversations, messages)
        with tempfile.TemporaryDirectory(dir=path.parent, suffix=".partial") as folder:
            return _has(archive.database(path, Path(folder)), conversations, messages)
    except archive.NotWhole as error:
        return error.ours
    except sqlite.Error as error:
        if faults.passing(error):
            raise
        return True


def _has(path: Path, conversations: str, messages: str) -> bool:
    with closing(connect(path, readonly=True, checkpoints=False)) as db:
        if db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            return True
        found: int = db.execute(
            "SELECT EXISTS (SELECT 1 FROM conversations WHERE id IN "
            "(SELECT value FROM json_each(?))) "
            "OR EXISTS (SELECT 1 FROM messages WHERE id IN (SELECT value FROM json_each(?)))",
            (conversations, messages),
        ).fetchone()[0]
        return bool(found)
