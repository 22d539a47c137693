"""Schema step 9: other words for questions, which the model found.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # A row says that the model was asked, even if nothing was good enough. `kept` and `dropped`
    # are JSON lists of texts; the latter are those that the user does not want.
    """CREATE TABLE rewrites (
        question TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
        kept TEXT NOT NULL,
        dropped TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)


def m009_rewrites(db: Database) -> None:
    """The model's own ways to ask."""
    for statement in _STATEMENTS:
        db.execute(statement)
