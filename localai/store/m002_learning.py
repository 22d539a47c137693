"""Schema step 2: corrections, adapters and which of them answers, tune runs, file hashes.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # The conversation is that of the messages; with them the correction goes.
    """CREATE TABLE corrections (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        rejected TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        chosen TEXT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
        state TEXT NOT NULL,
        created REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX corrections_by_rejected ON corrections (rejected)",
    # One message teaches one thing: at most one of its corrections is in force.
    """CREATE UNIQUE INDEX corrections_in_force ON corrections (rejected)
        WHERE state = 'accepted'""",
    # `plan`, `progress` and `verdict` are JSON objects; `writer` is "" once it has ended.
    """CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        model TEXT NOT NULL,
        base TEXT NOT NULL,
        state TEXT NOT NULL,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        writer TEXT NOT NULL,
        plan TEXT NOT NULL,
        progress TEXT NOT NULL,
        verdict TEXT,
        error TEXT NOT NULL,
        adapter TEXT REFERENCES adapters (id)
    ) STRICT""",
    # A value that is not a number is NULL.
    """CREATE TABLE metrics (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step INTEGER NOT NULL,
        name TEXT NOT NULL,
        value REAL,
        PRIMARY KEY (run, step, name)
    ) STRICT, WITHOUT ROWID""",
    # The number is part of an adapter's name, so none is ever given twice.
    """CREATE TABLE adapters (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        base TEXT NOT NULL,
        base_bytes INTEGER NOT NULL,
        file TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        run TEXT REFERENCES runs (id),
        created REAL NOT NULL
    ) STRICT""",
    # `adapter` is NULL for the bare model.
    """CREATE TABLE activations (
        number INTEGER PRIMARY KEY,
        base TEXT NOT NULL,
        adapter TEXT REFERENCES adapters (id),
        reason TEXT NOT NULL,
        created REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX activations_by_base ON activations (base, number)",
    """CREATE TABLE file_hashes (
        path TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        sha256 TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)


def m002_learning(db: Database) -> None:
    """Everything that the learning loop records."""
    for statement in _STATEMENTS:
        db.execute(statement)
