"""Schema step 12: rounds of rejection sampling, and every answer that was sampled in them.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # `result` is a JSON object.
    """CREATE TABLE rounds (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        result TEXT NOT NULL,
        PRIMARY KEY (run, number)
    ) STRICT""",
    # `hash` is that of the prompt and the answer as token ids; `told` is a JSON object; `outcome`
    # is "kept" or why the answer is not learned.
    """CREATE TABLE attempts (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        round INTEGER NOT NULL,
        problem TEXT NOT NULL,
        sample INTEGER NOT NULL,
        hash TEXT NOT NULL,
        outcome TEXT NOT NULL,
        told TEXT NOT NULL,
        PRIMARY KEY (run, round, problem, sample)
    ) STRICT""",
)


def m012_rounds(db: Database) -> None:
    """Rounds and attempts."""
    for statement in _STATEMENTS:
        db.execute(statement)
