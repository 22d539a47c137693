"""Schema step 3: what the user has allowed tools to do, or refused for good.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # `code` is the hash of the tool's code and schema, `conversation` "" for all of them.
    """CREATE TABLE consents (
        tool TEXT NOT NULL,
        conversation TEXT NOT NULL,
        code TEXT NOT NULL,
        allowed INTEGER NOT NULL,
        created REAL NOT NULL,
        PRIMARY KEY (tool, conversation)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER consents_end AFTER DELETE ON conversations BEGIN
        DELETE FROM consents WHERE conversation = old.id;
    END""",
)


def m003_consents(db: Database) -> None:
    """Standing decisions about tools."""
    for statement in _STATEMENTS:
        db.execute(statement)
