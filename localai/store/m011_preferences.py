"""Schema step 11: which of two answers to a question was better; it follows m010.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # `left_by` and `right_by` are styles of `kind` "styles", of "adapters" the ids of adapters or
    # "base"; `vote` is "left", "right", "equal" or "bad".
    """CREATE TABLE preferences (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        question TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        left_answer TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        right_answer TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        left_by TEXT NOT NULL,
        right_by TEXT NOT NULL,
        vote TEXT NOT NULL,
        blind INTEGER NOT NULL,
        created REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX preferences_by_question ON preferences (question)",
    "CREATE INDEX preferences_by_left ON preferences (left_answer)",
    "CREATE INDEX preferences_by_right ON preferences (right_answer)",
)


def m011_preferences(db: Database) -> None:
    """Votes between two answers."""
    for statement in _STATEMENTS:
        db.execute(statement)
