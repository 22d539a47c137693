"""Schema step 4: where imported conversations came from, and what each message is there.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # Both are NULL for what was said here. `source` names a conversation elsewhere, `hash` is
    # over the path from there to the message: an import finds what it brought before by them.
    "ALTER TABLE conversations ADD COLUMN source BLOB",
    "ALTER TABLE messages ADD COLUMN hash BLOB",
    """CREATE UNIQUE INDEX conversations_by_source ON conversations (source)
        WHERE source IS NOT NULL""",
)


def m004_imports(db: Database) -> None:
    """What was imported, so that importing it again adds nothing."""
    for statement in _STATEMENTS:
        db.execute(statement)
