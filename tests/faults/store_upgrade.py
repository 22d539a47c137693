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
from pathlib import Path

import pytest
from sqlite_utils import Database

from localai.store import migrations, opening
from localai.store.connection import connect
from localai.store.driver import sqlite
from localai.store.store import Store

M001 = Path(__file__).parents[1] / "store" / "schemas" / "m001.sql"


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


def make_old(path: Path) -> None:
    """A database of the first schema, with rows."""
    db = sqlite.connect(str(path), isolation_level=None)
    db.executescript(M001.read_text("utf-8"))
    db.close()


def check(path: Path, *, rows: int) -> None:
    """Open what a dead upgrade left behind, with the step in place; nothing may be lost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", (*migrations.STEPS, next_mood))
        with Store.open(path) as store:
            info = store.info()
            newest = len(migrations.STEPS)
            assert (info["schema"], info["messages"], info["check"]) == (newest, rows, "ok")
            if rows:
                assert len(store.path(store.conversation("C01").leaf)) == 2
                assert len(store.search("paris")) == 1


def _countdown(statement: int) -> Callable[[str], None]:
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
    trace = _countdown(statement)

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
