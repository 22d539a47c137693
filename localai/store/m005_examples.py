"""Schema step 5: why an answer was corrected, and dialogues to learn from.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    "ALTER TABLE corrections ADD COLUMN reason TEXT NOT NULL DEFAULT 'edited'",
    # An 'example' was written to be learned from; it is in no list of conversations.
    "ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT 'chat'",
    # The path to `leaf` is what is learned: its last answer, or with `whole` every answer.
    # `name` is that of a data set, "" for what is the user's own.
    """CREATE TABLE examples (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        leaf TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        source TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        whole INTEGER NOT NULL,
        created REAL NOT NULL,
        UNIQUE (leaf, name)
    ) STRICT""",
    "CREATE INDEX examples_by_name ON examples (name, state)",
)


def m005_examples(db: Database) -> None:
    """Reasons of corrections; examples."""
    for statement in _STATEMENTS:
        db.execute(statement)
