"""Forks: conversations that go on by themselves from a message of another one.

A fork shares the messages up to there; no row is copied. What belongs to it is told in `views`.
"""

from __future__ import annotations

import re
import time
from itertools import count

from localai.errors import StoreError
from localai.store import views
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.ids import new_id
from localai.store.messages import fetch
from localai.store.rows import Conversation

_NUMBER = re.compile(r" \(\d+\)$")


class Forks:
    """The part of the store that forks conversations."""

    _db: Database

    def fork(self, conversation_id: str, message_id: str) -> Conversation:
        """A new conversation, under the same system text, that goes on from a message of this one.

        Raises StoreError when the message is not in the conversation or is still being written.
        """
        with self._db.write() as db:
            depth = views.depth(db, conversation_id, message_id)
            if depth is None:
                raise views.gone()
            if fetch(db, message_id).status == "streaming":
                raise StoreError(
                    "The answer is still being written; stop it or wait, then fork there."
                )
            title, system = db.execute(
                "SELECT title, system FROM conversations WHERE id = ?", (conversation_id,)
            ).fetchone()
            id_, title, now = new_id(), _numbered(db, title), time.time()
            db.execute(
                "INSERT INTO conversations (id, title, system, leaf, created, updated, fork) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?4)",
                (id_, title, system, message_id, now),
            )
        return Conversation(id_, title, system, message_id, now, now, depth, fork=message_id)


def hand_over(db: sqlite.Connection, conversation: str) -> None:
    """Let each message of a conversation that forks share be the oldest such fork's own, and
    each answer that was corrected in a fork the fork's."""
    forks = db.execute(
        "SELECT id FROM conversations WHERE fork IS NOT NULL AND id <> ? ORDER BY created, number",
        (conversation,),
    )
    for (fork,) in forks.fetchall():
        db.execute(
            f"{views.SHARED} UPDATE messages SET conversation = ?1 "
            "WHERE conversation = ?2 AND id IN (SELECT id FROM shared)",
            (fork, conversation),
        )
    db.execute(
        """UPDATE messages SET conversation = m.conversation
        FROM corrections r JOIN messages m ON m.id = r.chosen AND m.conversation <> ?1
        WHERE r.rejected = messages.id AND messages.conversation = ?1""",
        (conversation,),
    )


def _numbered(db: sqlite.Connection, title: str) -> str:
    """The title with the first number that no conversation has: "Trains" becomes "Trains (2)"."""
    base = _NUMBER.sub("", title)
    if not base:
        return title
    taken = db.execute(
        "SELECT title FROM conversations WHERE substr(title, 1, length(?1)) = ?1", (base,)
    )
    titles = {each for (each,) in taken}
    return next(new for number in count(2) if (new := f"{base} ({number})") not in titles)
