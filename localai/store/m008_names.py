"""Schema step 8: names that the user gives adapters.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # NULL for an adapter that is called by its number, tuned-3 say.
    "ALTER TABLE adapters ADD COLUMN name TEXT",
    """CREATE UNIQUE INDEX adapters_by_name ON adapters (lower(name))
        WHERE name IS NOT NULL""",
)


def m008_names(db: Database) -> None:
    """Names of adapters."""
    for statement in _STATEMENTS:
        db.execute(statement)
