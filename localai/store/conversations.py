"""The list of conversations: make, find, rename, delete with undo, purge for good."""

from __future__ import annotations

import time

from localai.errors import StoreError
from localai.store import columns, match
from localai.store.connection import Database
from localai.store.forks import hand_over
from localai.store.ids import new_id
from localai.store.rows import Conversation


class Conversations:
    """The part of the store that knows conversations as wholes."""

    _db: Database

    def create_conversation(self, title: str = "", system: str = "") -> Conversation:
        """A new, empty conversation; `system` is the system text it is held under."""
        id_, now = new_id(), time.time()
        with self._db.write() as db:
            db.execute(
                "INSERT INTO conversations (id, title, system, created, updated) "
                "VALUES (?, ?, ?, ?, ?)",
                (id_, title, system, now, now),
            )
        return Conversation(id_, title, system, "", now, now)

    def conversations(
        self, *, limit: int = 200, offset: int = 0, deleted: bool = False, query: str = ""
    ) -> tuple[Conversation, ...]:
        """Conversations, the most recently used first; `deleted` ones instead of the others.

        A `query` keeps those with its words in the title or in one message.
        """
        where = f"c.kind = 'chat' AND c.deleted IS {'NOT ' if deleted else ''}NULL"
        words: tuple[str, ...] = ()
        if query.strip():
            where += f" AND c.number IN ({match.CONVERSATIONS})"
            words = (match.words(query),) * 2
        with self._db.read() as db:
            rows = db.execute(
                f"SELECT {columns.CONVERSATION} FROM {columns.CONVERSATIONS} WHERE {where} "
                "ORDER BY c.updated DESC, c.number DESC LIMIT ? OFFSET ?",
                (*words, limit, offset),
            ).fetchall()
            return tuple(columns.conversation(row) for row in rows)

    def conversation(self, id_or_part: str) -> Conversation:
        """The conversation with this id, or whose id alone begins or ends so.

        ULIDs begin with the time, so a few characters of the end tell more than of the
        beginning. Raises StoreError when there is none or more than one.
        """
        part = id_or_part.strip().upper()
        select = f"SELECT {columns.CONVERSATION} FROM {columns.CONVERSATIONS} WHERE"
        with self._db.read() as db:
            rows = db.execute(f"{select} c.id = ?", (part,)).fetchall()
            if part and not rows:
                rows = db.execute(
                    f"{select} substr(c.id, 1, length(?1)) = ?1 "
                    "OR substr(c.id, -length(?1)) = ?1 LIMIT 2",
                    (part,),
                ).fetchall()
            found = [columns.conversation(row) for row in rows]
        if not found:
            raise StoreError(
                f"There is no conversation {id_or_part!r}; `localai history list` shows them."
            )
        if len(found) > 1:
            raise StoreError(
                f"More than one conversation has an id that begins or ends with {id_or_part!r}; "
                "give more of it."
            )
        return found[0]

    def latest(self) -> Conversation | None:
        """The most recently used conversation that is not deleted."""
        return next(iter(self.conversations(limit=1)), None)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title. Raises StoreError when it is gone."""
        self._update(conversation_id, "title = ?", title)

    def delete(self, conversation_id: str) -> None:
        """Take a conversation out of sight; `undelete` brings it back."""
        self._update(conversation_id, "deleted = ?", time.time())

    def undelete(self, conversation_id: str) -> None:
        """Undo `delete`."""
        self._update(conversation_id, "deleted = ?", None)

    def purge(self, conversation_id: str) -> None:
        """Remove a conversation with all its messages for good; nothing brings it back.

        What its forks share stays, with them. Traces may remain in the write-ahead log and in
        backups.
        """
        with self._db.write() as db:
            hand_over(db, conversation_id)
            # Every prompt of a conversation goes by the cascade of its message.
            db.execute("DELETE FROM messages WHERE conversation = ?", (conversation_id,))
            db.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))

    def _update(self, conversation_id: str, change: str, value: str | float | None) -> None:
        """Set one column of one conversation."""
        with self._db.write() as db:
            done = db.execute(
                f"UPDATE conversations SET {change} WHERE id = ?", (value, conversation_id)
            )
            if done.rowcount != 1:
                raise StoreError(
                    "The conversation is not there any more; "
                    "it may have been removed in another window."
                )
