"""Schema step 6: the message that a conversation was forked at.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # NULL for a conversation that began by itself.
    """ALTER TABLE conversations ADD COLUMN fork TEXT REFERENCES messages (id)
        DEFERRABLE INITIALLY DEFERRED""",
    "CREATE INDEX conversations_by_fork ON conversations (fork) WHERE fork IS NOT NULL",
)


def m006_forks(db: Database) -> None:
    """Forks, which share the messages up to where they were forked."""
    for statement in _STATEMENTS:
        db.execute(statement)
