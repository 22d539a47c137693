"""The schema, as the steps that made it: append-only, one file per version.

Shipped steps never change, because databases in the wild were made by them. Each runs in
one transaction together with its version number, under a lock file, after a verified
copy of the older database. A schema newer than ours is refused and left untouched.
Steps work through sqlite-utils, which can also transform tables; nothing else needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from localai.errors import StoreError, StoreNewer
from localai.store.backup import back_up
from localai.store.driver import sqlite
from localai.store.m001_conversations import m001_conversations
from localai.store.m002_learning import m002_learning
from localai.store.m003_consents import m003_consents
from localai.store.m004_imports import m004_imports
from localai.store.m005_examples import m005_examples
from localai.store.m006_forks import m006_forks
from localai.store.m007_search import m007_search
from localai.store.m008_names import m008_names
from localai.store.m009_rewrites import m009_rewrites
from localai.store.m010_evals import m010_evals
from localai.store.m011_preferences import m011_preferences
from localai.store.m012_rounds import m012_rounds

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x6C6F6361  # "loca", in the file's header

Step = Callable[["Database"], None]

STEPS: tuple[Step, ...] = (
    m001_conversations,
    m002_learning,
    m003_consents,
    m004_imports,
    m005_examples,
    m006_forks,
    m007_search,
    m008_names,
    m009_rewrites,
    m010_evals,
    m011_preferences,
    m012_rounds,
)


def version(connection: sqlite.Connection, where: str, steps: Sequence[Step]) -> int:
    """The schema's version, 0 for an empty file. Raises StoreNewer when we do not know it,
    StoreError when the database belongs to another program."""
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    current: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and application != APPLICATION_ID:
        raise StoreError(
            f"{where} is a database of another program; "
            "move it away or point LOCALAI_HOME at another folder."
        )
    if current > len(steps):
        raise StoreNewer(
            f"The history in {where} was written by a newer localai "
            f"(schema {current}, this one knows {len(steps)}); "
            "update localai to open it. It was not touched."
        )
    return current


def migrate(connection: sqlite.Connection, path: Path | None, steps: Sequence[Step]) -> None:
    """Bring the schema up to date, one transaction per step. `path` None: in memory.

    The caller holds the lock file. Backs up first when there is something to lose.
    """
    # Imported here because it is slow to import and needed once per version.
    from sqlite_utils import Database

    current = version(connection, str(path), steps)
    if current and current < len(steps) and path is not None:
        back_up(connection, path, label=f"schema{current}")
    db = Database(connection, recursive_triggers=False, execute_plugins=False)
    for number, step in enumerate(steps[current:], start=current + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            step(db)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
