"""Where a message stands in its tree: finding it by its id, and a way that leads past it."""

from __future__ import annotations

from localai.errors import StoreError
from localai.store import views
from localai.store.connection import Database
from localai.store.views import BELONGS, SHARED

_ON_PATH = f"""{views.way_up("up", "(SELECT leaf FROM conversations WHERE id = ?1)")}
SELECT c.leaf FROM up JOIN conversations c ON c.id = ?1 WHERE up.id = ?2"""
# Depth grows by one at each step, so even a damaged tree cannot make this run for ever.
_NEWEST_BELOW = f"""{SHARED}, down (id, depth) AS (
    SELECT m.id, m.depth FROM messages m WHERE m.id = ?2 AND {BELONGS}
    UNION ALL
    SELECT n.id, n.depth FROM down JOIN messages n
    ON n.number = (SELECT max(m.number) FROM messages m WHERE m.parent = down.id AND {BELONGS})
    WHERE n.depth = down.depth + 1
) SELECT id FROM down ORDER BY depth DESC LIMIT 1"""
_BY_PART = f"""{SHARED} SELECT id FROM (
    SELECT id FROM messages WHERE conversation = ?1 UNION SELECT id FROM shared
) WHERE ?2 <> '' AND (substr(id, 1, length(?2)) = ?2 OR substr(id, -length(?2)) = ?2) LIMIT 2"""


class Places:
    """The part of the store that knows where messages stand."""

    _db: Database

    def leaf_through(self, message_id: str, conversation_id: str = "") -> str:
        """The leaf of a path in the conversation (by default the one where the message was
        written) that holds the message: the conversation's own leaf if it can be, else the
        newest one below. Raises StoreError when the message is not in it."""
        with self._db.read() as db:
            if not conversation_id:
                query = "SELECT conversation FROM messages WHERE id = ?"
                (conversation_id,) = db.execute(query, (message_id,)).fetchone() or ("",)
            where = (conversation_id, message_id)
            row = (
                db.execute(_ON_PATH, where).fetchone()
                or db.execute(_NEWEST_BELOW, where).fetchone()
            )
            if row is None:
                raise views.gone()
            leaf: str = row[0]
            return leaf

    def message_id(self, conversation_id: str, id_or_part: str) -> str:
        """The id of the conversation's message with this id, or whose id alone begins or ends
        so. Raises StoreError when there is none or more than one."""
        part = id_or_part.strip().upper()
        with self._db.read() as db:
            rows = db.execute(_BY_PART, (conversation_id, part)).fetchall()
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
