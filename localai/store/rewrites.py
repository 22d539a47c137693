"""Other words for questions that are learned from, which the model found. They belong to the
question, so they outlast another correction of its answer, and go with it.

What is good enough to be kept is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from localai.errors import StoreError
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.tuning import Rewrites

_QUESTION = "(SELECT parent FROM messages WHERE id = ?1)"
_PUT = """INSERT INTO rewrites (question, kept, dropped)
SELECT parent, ?2, ?3 FROM messages WHERE id = ?1 AND parent IS NOT NULL
ON CONFLICT (question) DO UPDATE SET kept = excluded.kept, dropped = excluded.dropped"""

_CARRY = """INSERT OR IGNORE INTO rewrites (question, kept, dropped)
SELECT new.id, r.kept, r.dropped FROM rewrites r
JOIN messages old ON old.id = r.question AND old.id = (SELECT parent FROM messages WHERE id = ?1)
JOIN messages new ON new.id = (SELECT parent FROM messages WHERE id = ?2)
WHERE new.text = old.text"""


class Rewriting:
    """The part of the store that knows them. A question is named by an answer to it (its id)."""

    _db: Database

    def rewrites(self, answer_id: str) -> Rewrites | None:
        """The other words for the question that was answered; None when no model was asked for
        any yet."""
        with self._db.read() as db:
            return _read(db, answer_id)

    def dropped_rewrites(self) -> tuple[str, ...]:
        """All that were dropped, as written; the same as long as nobody decides otherwise."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT question || dropped FROM rewrites WHERE dropped <> '[]' ORDER BY question"
            ).fetchall()
        return tuple(told for (told,) in rows)

    def put_rewrites(self, answer_id: str, texts: Sequence[str]) -> Rewrites:
        """Keep these in the place of earlier ones, but none that was dropped before."""
        with self._db.write() as db:
            before = _read(db, answer_id) or Rewrites()
            fresh = tuple(text for text in dict.fromkeys(texts) if text not in before.dropped)
            return _write(db, answer_id, Rewrites(fresh, before.dropped))

    def drop_rewrite(self, answer_id: str, text: str) -> Rewrites:
        """Let one not be learned; one that was dropped, be learned again, before the others.
        Raises StoreError when it is not there."""
        with self._db.write() as db:
            now = _read(db, answer_id) or Rewrites()
            if text in now.kept:
                kept = tuple(each for each in now.kept if each != text)
                return _write(db, answer_id, Rewrites(kept, (*now.dropped, text)))
            if text in now.dropped:
                dropped = tuple(each for each in now.dropped if each != text)
                return _write(db, answer_id, Rewrites((text, *now.kept), dropped))
            raise StoreError("The model's words are not there any more; look at the example again.")


def _read(db: sqlite.Connection, answer_id: str) -> Rewrites | None:
    row = db.execute(
        f"SELECT kept, dropped FROM rewrites WHERE question = {_QUESTION}", (answer_id,)
    ).fetchone()
    if row is None:
        return None
    try:
        return Rewrites(*(msgspec.json.decode(texts, type=tuple[str, ...]) for texts in row))
    except msgspec.MsgspecError:  # damaged: they can be found again
        return None


def carry_over(db: sqlite.Connection, answer_id: str, other_id: str) -> None:
    """Let the question of another answer have what that of the first has, if it is the same."""
    db.execute(_CARRY, (answer_id, other_id))


def _write(db: sqlite.Connection, answer_id: str, found: Rewrites) -> Rewrites:
    kept, dropped = (msgspec.json.encode(texts).decode() for texts in (found.kept, found.dropped))
    db.execute(_PUT, (answer_id, kept, dropped))
    return found
