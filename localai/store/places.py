"""Where a message stands in its tree: finding it by its id, and a way that leads past it."""

from __future__ import annotations

from localai.errors import StoreError
from localai.store.connection import Database

# Depth grows by one at each step, so even a damaged tree cannot make these run for ever.
_ON_PATH = """WITH RECURSIVE up (id, parent, depth) AS (
    SELECT l.id, l.parent, l.depth FROM messages m JOIN conversations c ON c.id = m.conversation
    JOIN messages l ON l.id = c.leaf WHERE m.id = ?1
    UNION ALL
    SELECT m.id, m.parent, m.depth FROM up JOIN messages m ON m.id = up.parent
    WHERE m.depth = up.depth - 1
) SELECT c.leaf FROM up JOIN messages m ON m.id = up.id JOIN conversations c
    ON c.id = m.conversation WHERE up.id = ?1"""
_NEWEST_BELOW = """WITH RECURSIVE down (id, depth) AS (
    SELECT id, depth FROM messages WHERE id = ?1
    UNION ALL
    SELECT m.id, m.depth FROM down JOIN messages m
    ON m.number = (SELECT max(number) FROM messages WHERE parent = down.id)
    WHERE m.depth = down.depth + 1
) SELECT id FROM down ORDER BY depth DESC LIMIT 1"""


class Places:
    """The part of the store that knows where messages stand."""

    _db: Database

    def leaf_through(self, message_id: str) -> str:
        """The leaf of a path that holds the message: its conversation's own leaf if it can
        be, else the newest one below. Raises StoreError when the message is gone."""
        with self._db.read() as db:
            row = (
                db.execute(_ON_PATH, (message_id,)).fetchone()
                or db.execute(_NEWEST_BELOW, (message_id,)).fetchone()
            )
            if row is None:
                raise StoreError(
                    "The message is not there any more; its conversation may have been "
                    "removed in another window."
                )
            leaf: str = row[0]
            return leaf

    def message_id(self, conversation_id: str, id_or_part: str) -> str:
        """The id of the conversation's message with this id, or whose id alone begins or ends
        so. Raises StoreError when there is none or more than one."""
        part = id_or_part.strip().upper()
        with self._db.read() as db:
            rows = db.execute(
                "SELECT id FROM messages WHERE conversation = ?1 AND ?2 <> '' AND "
                "(substr(id, 1, length(?2)) = ?2 OR substr(id, -length(?2)) = ?2) LIMIT 2",
                (conversation_id, part),
            ).fetchall()
        if len(rows) == 1:
            found: str = rows[0][0]
            return found
        if rows:
            raise StoreError(
                f"More than one message has an id that begins or ends with {id_or_part!r}; "
                "give more of it."
            )
        raise StoreError(
            f"The conversation has no message {id_or_part!r}; `localai history search` and "
            "`localai history show --json` give the ids."
        )
