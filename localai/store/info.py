"""What `localai doctor` wants to know about the database."""

from __future__ import annotations

from localai.store.connection import Database
from localai.store.driver import library, sqlite, trusted

Info = dict[str, str | int | bool]


def describe(database: Database) -> Info:
    """Library, versions, pragmas in force, row counts, and SQLite's own check of the file.

    Reads the whole file. `trusted` is False when the SQLite library can lose commits
    under concurrent use. `corrections` counts those in force. `check` is "ok" or what is wrong.
    """
    with database.read() as db:

        def value(sql: str) -> str | int:
            found: str | int = db.execute(sql).fetchone()[0]
            return found

        return {
            "path": database.where,
            "library": library(),
            "sqlite_version": sqlite.sqlite_version,
            "trusted": trusted(),
            "schema": value("PRAGMA user_version"),
            "journal_mode": value("PRAGMA journal_mode"),
            "synchronous": value("PRAGMA synchronous"),
            "bytes": int(value("PRAGMA page_count")) * int(value("PRAGMA page_size")),
            "conversations": value("SELECT count(*) FROM conversations"),
            "messages": value("SELECT count(*) FROM messages"),
            "corrections": value("SELECT count(*) FROM corrections WHERE state = 'accepted'"),
            "adapters": value("SELECT count(*) FROM adapters"),
            "check": value("PRAGMA quick_check(1)"),
        }
