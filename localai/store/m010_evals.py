"""Schema step 10: evaluations, and what was answered in them.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # `base` and `adapter` are hashes of files (the latter "" for the bare model), `name` is what
    # the adapter was called. Runs that one command made share `command`, an id. `against` is the
    # run on the same items that it is compared with, "" for none. `manner` and `summary` are JSON
    # objects; `writer` is "" once it has ended.
    """CREATE TABLE evals (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        state TEXT NOT NULL,
        writer TEXT NOT NULL,
        task TEXT NOT NULL,
        pool TEXT NOT NULL,
        style TEXT NOT NULL,
        manner TEXT NOT NULL,
        wanted INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        model TEXT NOT NULL,
        base TEXT NOT NULL,
        adapter TEXT NOT NULL,
        name TEXT NOT NULL,
        command TEXT NOT NULL,
        against TEXT NOT NULL,
        summary TEXT
    ) STRICT""",
    # `asked` is what was asked and what makes an answer right, `answers` all answers to it,
    # `scores` what they came to: JSON.
    """CREATE TABLE eval_items (
        run TEXT NOT NULL REFERENCES evals (id) ON DELETE CASCADE,
        item TEXT NOT NULL,
        asked TEXT NOT NULL,
        answers TEXT NOT NULL,
        scores TEXT NOT NULL,
        PRIMARY KEY (run, item)
    ) STRICT""",
)


def m010_evals(db: Database) -> None:
    """Runs of evaluations and their items."""
    for statement in _STATEMENTS:
        db.execute(statement)
