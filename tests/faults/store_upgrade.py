"""A program that upgrades a database and dies just before a given statement.

Arguments: the database, the number of the statement. Exits with 0 when there were fewer.
`next_mood` stands for the step after the shipped ones that may come one day.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from localai.store import migrations, opening
from localai.store.connection import connect
from localai.store.driver import sqlite
from localai.store.store import Store

SHIPPED = sorted((Path(__file__).parents[1] / "store" / "schemas").iterdir())
# Messages, corrections in force and adapters in the database of each shipped schema.
ROWS = (
    *((0, 0, 0), (3, 0, 0), (5, 1, 1), (7, 1, 1), (8, 1, 1)),
    *((10, 1, 1), (11, 1, 1), (12, 1, 1), (12, 1, 2), (12, 1, 2), (12, 1, 2), (12, 1, 2)),
)


def next_mood(db: Database) -> None:
    """Change a table, fill it, index it."""
    db.execute("ALTER TABLE messages ADD COLUMN mood TEXT NOT NULL DEFAULT ''")
    db.execute("UPDATE messages SET mood = 'calm'")
    db.execute("CREATE INDEX messages_by_mood ON messages (mood)")


def dies_before(path: Path, statement: int) -> bool:
    """Run this program on `path`; False when it lived to the end."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.store_upgrade", str(path), str(statement)],
        check=False,
        capture_output=True,
    )
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr.decode()
    return ran.returncode != 0


def shipped(version: int) -> str:
    """What makes a database of that schema, with rows."""
    return "".join(file.read_text("utf-8") for file in SHIPPED[:version])


def schema(db: sqlite.Connection) -> list[tuple[str, ...]]:
    """Type, name and statement of everything in a database."""
    return db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


def make_old(path: Path, version: int) -> None:
    """A database of that schema, with rows; 0 for an empty file."""
    with closing(sqlite.connect(str(path), isolation_level=None)) as db:
        db.executescript(shipped(version))


def check(path: Path, old: int) -> None:
    """Open what a dead upgrade from the schema `old` left behind, with the step in place;
    nothing may be lost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", (*migrations.STEPS, next_mood))
        with Store.open(path) as store:
            info = store.info()
            assert (info["schema"], info["check"]) == (len(migrations.STEPS), "ok")
            assert (info["messages"], info["corrections"], info["adapters"]) == ROWS[old]
            if old:
                assert len(store.path(store.conversation("C01").leaf)) == 2
                assert store.search("paris")


def countdown(statement: int) -> Callable[[str], None]:
    """A trace that kills the process at the statement with that number."""
    left = statement

    def trace(_: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return trace


def main(path: Path, statement: int) -> None:
    """Open with a step more than shipped, on a short rope."""
    trace = countdown(statement)

    def traced(path: Path, *, readonly: bool, checkpoints: bool) -> sqlite.Connection:
        connection = connect(path, readonly=readonly, checkpoints=checkpoints)
        connection.set_trace_callback(trace)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", (*migrations.STEPS, next_mood))
        patch.setattr(opening, "connect", traced)
        Store.open(path).close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
