"""The automatic backup: at most one a day, made by a process of its own at low priority.

Run as a program with the path of the database. Copies are of the database alone; seven of
different days and four of different weeks are kept. The newest sound one always stays.
"""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from localai import paths
from localai.errors import StoreError
from localai.store.connection import Database

DAYS, WEEKS = 7, 4
DAY = 24 * 3600.0
LABELS = ("daily", "clean")
_STEM = rf".+-({'|'.join(LABELS)})-(\d{{8}}T\d{{6}}Z)(-\d+)?"
_NAME = re.compile(rf"{_STEM}\.db")
_TORN = re.compile(rf"{_STEM}\.partial(-journal|-wal|-shm)?")


def start_if_due(database: Database) -> bool:
    """Start making a backup when one is due; True when it was started. Does not wait.

    Due: something was said, the newest copy is more than a day old and the database has
    changed since. A history that is younger than a day waits.
    """
    if not _due(database, time.time()):
        return False
    with suppress(OSError, NotImplementedError):
        # A shell that ends at once stands between, so that nobody has to wait for the copy.
        shell = os.posix_spawn(
            "/bin/sh",
            ["sh", "-c", '"$@" &', "sh", sys.executable, "-P", "-m", __name__, database.where],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)
            ],
            setpgroup=0,
        )
        os.waitpid(shell, 0)
        return True
    return False


def times(data: Path) -> list[tuple[float, Path]]:
    """The automatic copies with the Unix times of their names, the newest first. Those with a
    time that is still to come are left out: a clock was wrong, and they say nothing."""
    found, now = [], time.time()
    for path in paths.backups(data).glob("*.db"):
        if named := _NAME.fullmatch(path.name):
            with suppress(ValueError):  # digits that are no date
                moment = datetime.strptime(named[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                found.append((moment.timestamp(), path))
    return sorted((each for each in found if each[0] <= now), reverse=True)


def to_keep(copies: list[tuple[float, Path]]) -> set[Path]:
    """Of copies, the newest first: the last of each of DAYS days and of each of WEEKS weeks."""
    kept: set[Path] = set()
    for most, form in ((DAYS, "%Y-%m-%d"), (WEEKS, "%G-%V")):
        last_of: dict[str, Path] = {}
        for moment, path in copies:
            last_of.setdefault(datetime.fromtimestamp(moment, UTC).strftime(form), path)
        kept.update(list(last_of.values())[:most])
    return kept


def rotate(data: Path, sound: Path | None = None) -> list[Path]:
    """Remove the automatic copies that are not kept; what was removed. Nothing is, unless the
    newest that stays is sound, as one is known to be that was just made."""
    from localai.store.upkeep import copies

    found = times(data)
    kept = to_keep(found)
    newest = next((path for _, path in found if path in kept), None)
    if newest is None or (newest != sound and not copies.sound(newest)):
        return []
    gone = [path for _, path in found if path not in kept]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def make(path: Path) -> Path | None:
    """Make the day's copy of the database at `path`, and rotate; the copy, None when another
    process is at it or has done it, or when the database has gone meanwhile."""
    from localai.store import backup, opening
    from localai.store.upkeep import locks

    if not path.exists():
        return None  # even a lock would bring its folder back
    with suppress(StoreError), locks.copying(path.parent, seconds=0):
        database = opening.open_existing(path)
        if database is None:
            return None
        with closing(database):
            _remove_torn(path.parent)
            if not _due(database, time.time()):
                return None
            made = backup.back_up(database.connection, path, LABELS[0])
        rotate(path.parent, sound=made)
        return made
    return None


def _remove_torn(data: Path) -> None:
    """Remove what a copy that was broken off has left. Nobody else makes one now."""
    for path in paths.backups(data).glob("*.partial*"):
        if _TORN.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _due(database: Database, now: float) -> bool:
    path = Path(database.where)
    with database.read() as db:
        first = db.execute("SELECT created FROM conversations ORDER BY number LIMIT 1").fetchone()
    if first is None or now - first[0] < DAY:
        return False
    copies = times(path.parent)
    if not copies:
        return True
    newest, _ = copies[0]
    return now - newest >= DAY and _changed(path) > newest


def _changed(path: Path) -> float:
    """When the database or its log last changed, Unix time."""
    moments = [0.0]
    for file in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):
            moments.append(file.stat().st_mtime)
    return max(moments)


if __name__ == "__main__":
    os.nice(19)
    os.umask(0o077)
    make(Path(sys.argv[1]))
