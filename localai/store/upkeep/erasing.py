"""Forgetting for good: rows first, then every trace of them in the files of the data folder.

A note of what is going (ids alone) lies beside the database until all of it is done, so a
crash, a full disk or a busy neighbour only puts the rest off: `finish` goes on. Files are
deleted and their blocks given back; what a disk keeps of such blocks is beyond us, and so
are copies that the user made elsewhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from localai import paths
from localai.errors import StoreError
from localai.kv_folder import KvFolder
from localai.store import backup
from localai.store.connection import Database
from localai.store.upkeep import copies, locks, rows_gone
from localai.store.upkeep.scope import Scope, find

NOTE = "forget.unfinished"


class Pending(msgspec.Struct, frozen=True):
    """What an erasure is about: ids of conversations and messages."""

    conversations: tuple[str, ...]
    messages: tuple[str, ...]


class Erased(msgspec.Struct, frozen=True):
    """What was done: the clean copy that was made, and the files that were removed."""

    backup: Path
    removed: tuple[Path, ...]


def erase(database: Database, scope: Scope) -> Erased:
    """Forget what the scope names and what an earlier erasure has left, with all that has come
    to go with either since.

    Raises StoreError when a tune goes on, before anything is
    done; or when something has to be finished later.
    """
    data = Path(database.where).parent
    with _alone(data):
        pending = _noted(data, Pending(scope.conversations, scope.messages))
        present = _remove_rows(database, pending)
        more = Pending(present.conversations, present.messages)
        return _clean(database, data, _noted(data, more) if more != pending else pending)


def unfinished(data: Path) -> Pending | None:
    """What an earlier erasure has left to do; None for nothing."""
    try:
        return msgspec.json.decode((data / NOTE).read_bytes(), type=Pending)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(
            f"The note {data / NOTE} of what is being forgotten cannot be read ({error}); "
            "forget it again, and delete the note."
        ) from error


def finish(database: Database) -> Erased | None:
    """Do what an earlier erasure has left; None where there is nothing left."""
    data = Path(database.where).parent
    pending = unfinished(data)
    if pending is None:
        return None
    with _alone(data):
        _remove_rows(database, pending)
        return _clean(database, data, pending)


def _remove_rows(database: Database, pending: Pending) -> Scope:
    """Delete what is named, with all that goes with it by now; what that was."""
    with database.write() as db:
        present = find(db, pending.conversations, pending.messages)
        rows_gone.remove(db, present)
        # With the last trace of a term goes the mark that says it was deleted.
        for index in ("message_text", "conversation_title"):
            db.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")
        return present


def _clean(database: Database, data: Path, pending: Pending) -> Erased:
    """Remove every trace outside the rows, once those are gone. Raises StoreError, saying
    that it has to be finished later."""
    try:
        return _remove_traces(database, data, pending)
    except (StoreError, OSError) as error:
        raise StoreError(
            f"It is deleted, but traces of it are left. {error} Then run "
            "`localai history forget --finish`."
        ) from error


def _remove_traces(database: Database, data: Path, pending: Pending) -> Erased:
    removed = [
        *_stray_adapters(database, data),
        *_stray_reports(database, data),
        *copies.leftovers(data),
    ]
    KvFolder(paths.kv(data)).erase()
    shutil.rmtree(paths.tune_work(data), ignore_errors=True)
    _strip_manifests(database)
    database.shed()
    made = backup.back_up(database.connection, Path(database.where), "clean")
    found = copies.search(data, pending.conversations, pending.messages)
    removed += found.holding
    for path in removed:
        _remove(path)
    for log in paths.logs(data).glob("*"):
        with suppress(OSError):
            os.truncate(log, 0)  # whoever writes to it goes on
    backup.sync(paths.backups(data))
    for path, why in found.unread:
        raise StoreError(
            f"The copy {path} cannot be looked into ({why}); mend that, or delete the copy."
        )
    (data / NOTE).unlink(missing_ok=True)
    return Erased(made, tuple(removed))


def _noted(data: Path, pending: Pending) -> Pending:
    """Write down what is going, with what an earlier erasure has left to do."""
    with suppress(StoreError):
        if before := unfinished(data):
            pending = Pending(
                tuple(dict.fromkeys([*before.conversations, *pending.conversations])),
                tuple(dict.fromkeys([*before.messages, *pending.messages])),
            )
    try:
        paths.replace(data / NOTE, msgspec.json.encode(pending).decode())
    except OSError as error:
        raise StoreError(
            f"Nothing was forgotten: {data} cannot be written ({error.strerror}); "
            "free some space and try again."
        ) from error
    return pending


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Keep tunes, which read what is going, and the making of copies off."""
    with (
        locks.held(
            paths.tune_lock(data),
            "A tune is running and may be reading it; wait for it, or stop it in the app (ctrl+g).",
        ),
        locks.copying(data),
    ):
        yield


def _stray_adapters(database: Database, data: Path) -> list[Path]:
    """The folders of adapters that no row names any more."""
    with database.read() as db:
        known = {Path(file).parent.name for (file,) in db.execute("SELECT file FROM adapters")}
    return [each for each in paths.adapters(data).glob("*") if each.name not in known]


def _stray_reports(database: Database, data: Path) -> list[Path]:
    """The reports of runs that are gone, or whose answers may have been taken out: they quote
    what they were. Those of the others quote nothing else."""
    with database.read() as db:
        rows = db.execute(
            "SELECT id FROM runs WHERE verdict IS NULL "
            "OR json_type(verdict, '$.answers') IS NOT NULL"
        )
        whole = {id_ for (id_,) in rows}
    return [each for each in paths.reports(data).glob("*") if each.stem not in whole]


def _strip_manifests(database: Database) -> None:
    """Bring the manifests in line with the runs, whose answers may have been taken out."""
    with database.read() as db:
        rows = db.execute(
            "SELECT a.file FROM adapters a JOIN runs r ON r.id = a.run "
            "WHERE json_type(r.verdict, '$.answers') IS NULL"
        ).fetchall()
    for (file,) in rows:
        manifest = Path(file).with_name("manifest.json")
        with suppress(FileNotFoundError, msgspec.MsgspecError):
            found = msgspec.json.decode(manifest.read_bytes())
            verdict = found.get("verdict") if isinstance(found, dict) else None
            if isinstance(verdict, dict) and verdict.pop("answers", None):
                text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
                paths.replace(manifest, text + "\n")


def _remove(path: Path) -> None:
    """Delete a file or a folder. Raises StoreError when that is refused."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be deleted ({error.strerror}); delete it yourself."
        ) from error
