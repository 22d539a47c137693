"""Many rows in few statements.

The full-text indexes write out what they hold at the end of each statement, so that a
statement for each row costs twice the time.
"""

from __future__ import annotations

from collections.abc import Sequence

from localai.store.driver import sqlite

ROWS = 500
"""Rows in one statement; SQLite takes 32,766 values."""


def insert_many(db: sqlite.Connection, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Run `INSERT INTO {into} VALUES` for rows of equal length, in their order."""
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        places = f"({', '.join('?' * len(part[0]))})"
        values = [value for row in part for value in row]
        db.execute(f"INSERT INTO {into} VALUES {', '.join([places] * len(part))}", values)
