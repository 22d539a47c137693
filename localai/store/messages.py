"""Messages as a tree: each has a parent, a conversation goes on from one leaf.

Siblings are the alternatives of one turn; nothing is ever overwritten by another. Which
messages belong to a conversation is decided in `views`.
"""

from __future__ import annotations

import time
from operator import itemgetter

import msgspec

from localai.conversation import Message
from localai.store import columns, prompts, views
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.faults import UnreadableRow
from localai.store.ids import new_id
from localai.store.rows import Origin, Status, StoredMessage

_INSERT = """INSERT INTO messages (
    id, conversation, parent, depth, role, status, created, learn, writer, error, vocab,
    origin, ids, parts, text
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?)"""

_PATH = f"""{views.way_up("up", "?")}
SELECT {columns.MESSAGE}, up.depth FROM up JOIN messages m ON m.number = up.number"""


class Messages:
    """The part of the store that knows single messages and the paths between them."""

    _db: Database

    def add_message(
        self,
        conversation_id: str,
        parent: str,
        message: Message,
        status: Status = "done",
        origin: Origin | None = None,
    ) -> StoredMessage:
        """Record a message under `parent` ("" at the root) and go on from it.

        It is on disk when this returns. Raises StoreError when the conversation or the
        parent is gone, or the disk is full.
        """
        with self._db.write() as db:
            id_ = insert(db, conversation_id, parent, message, status, origin, writer="")
            return fetch(db, id_)

    def message(self, message_id: str) -> StoredMessage:
        """One message with everything that is known of it, the prompt included."""
        with self._db.read() as db:
            return fetch(db, message_id)

    def path(self, leaf_id: str, conversation_id: str = "") -> tuple[StoredMessage, ...]:
        """The messages from the root to `leaf_id`; none for "". Their siblings are those in
        `conversation_id`, by default in the one where `leaf_id` was written.

        `origin.prompt` is left empty here; `message` has it.
        """
        if not leaf_id:
            return ()
        with self._db.read() as db:
            rows = db.execute(_PATH, (leaf_id,)).fetchall()
            if not rows:
                raise views.gone()
            # Sorted here: SQLite would copy whole messages to sort them.
            rows.sort(key=itemgetter(-1))
            if rows[0][2]:
                raise UnreadableRow("the way from a message to the first one is broken")
            family = views.siblings(db, conversation_id or rows[-1][1], rows)
            return tuple(
                columns.message(row, family.get((row[2], row[3]), (row[0],))) for row in rows
            )

    def set_leaf(self, conversation_id: str, message_id: str) -> None:
        """Go on from another message of the conversation, or from its start with ""."""
        with self._db.write() as db:
            if message_id and views.depth(db, conversation_id, message_id) is None:
                raise views.gone()
            done = db.execute(
                "UPDATE conversations SET leaf = nullif(?, '') WHERE id = ?",
                (message_id, conversation_id),
            )
            if done.rowcount != 1:
                raise views.gone()


def insert(
    db: sqlite.Connection,
    conversation_id: str,
    parent: str,
    message: Message,
    status: Status,
    origin: Origin | None,
    writer: str,
) -> str:
    """Add a message inside the running transaction, move the leaf there; its id."""
    id_, now = new_id(), time.time()
    depth = _depth(db, conversation_id, parent) + 1
    parts, text = columns.pack_parts(message.parts)
    db.execute(
        _INSERT,
        (
            id_,
            conversation_id,
            parent or None,
            depth,
            message.role,
            status,
            now,
            message.learn,
            writer,
            message.vocab,
            columns.pack_origin(origin),
            columns.pack(message.ids) or None,
            parts,
            text,
        ),
    )
    if origin is not None:
        prompts.save(db, id_, parent, origin.prompt)
    db.execute(
        "UPDATE conversations SET leaf = ?, updated = ? WHERE id = ?", (id_, now, conversation_id)
    )
    return id_


def fetch(db: sqlite.Connection, message_id: str) -> StoredMessage:
    """One message, whole. Raises StoreError when it is gone."""
    row = db.execute(
        f"SELECT {columns.MESSAGE} FROM messages m WHERE m.id = ?", (message_id,)
    ).fetchone()
    if row is None:
        raise views.gone()
    family = views.siblings(db, row[1], [row])
    stored = columns.message(row, family.get((row[2], row[3]), (row[0],)))
    if stored.origin is None:
        return stored
    origin = msgspec.structs.replace(stored.origin, prompt=prompts.load(db, message_id))
    return msgspec.structs.replace(stored, origin=origin)


def _depth(db: sqlite.Connection, conversation_id: str, parent: str) -> int:
    """The parent's depth, 0 above the root; both must be there."""
    if parent:
        depth = views.depth(db, conversation_id, parent)
    else:
        row = db.execute("SELECT 0 FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
        depth = row and row[0]
    if depth is None:
        raise views.gone()
    return depth
