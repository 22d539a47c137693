"""Answers while they are being generated: begun, saved as they grow, finished, recovered.

An answer that is being written names its writer. When that process is dead the answer
counts as interrupted: it is shown so at once, and stored so when a store is next opened
for writing. An answer of another living process is left alone.
"""

from __future__ import annotations

from localai.conversation import Completion, Message, Part
from localai.errors import StoreError
from localai.store import columns, writer
from localai.store.connection import Database
from localai.store.messages import fetch, insert
from localai.store.rows import Origin, Status, StoredMessage

# An answer that was taken for dead by mistake (its writer lives in another container,
# say) may still be finished by the one who writes it.
_UNFINISHED = "status IN ('streaming', 'interrupted')"


class Answers:
    """The part of the store that knows answers in the making."""

    _db: Database

    def begin_answer(self, conversation_id: str, parent: str, origin: Origin) -> StoredMessage:
        """Record that an answer to `parent` is being generated, and go on from it."""
        with self._db.write() as db:
            empty = Message("assistant", ())
            id_ = insert(
                db, conversation_id, parent, empty, "streaming", origin, writer.this_process()
            )
            return fetch(db, id_)

    def flush_answer(self, message_id: str, parts: tuple[Part, ...]) -> None:
        """Save how far an answer has come. Call it at least every 250 ms; one small commit.

        When it fails (disk full), what was saved before stays, and the next call may succeed.
        """
        with self._db.write() as db:
            packed, text = columns.pack_parts(parts)
            done = db.execute(
                f"UPDATE messages SET parts = ?, text = ? WHERE id = ? AND {_UNFINISHED}",
                (packed, text, message_id),
            )
            _must_be_one(done.rowcount)

    def finish_answer(
        self,
        message_id: str,
        message: Message,
        completion: Completion | None,
        status: Status,
        error: str = "",
    ) -> StoredMessage:
        """Record an answer's final state; from now on it is found by search.

        `completion` is None when the engine did not get so far. Token ids are kept once:
        those of `message` are read back as the completion's when it has none.
        """
        with self._db.write() as db:
            parts, text = columns.pack_parts(message.parts)
            done = db.execute(
                "UPDATE messages SET role = ?, parts = ?, text = ?, ids = ?, vocab = ?, learn = ?, "
                "completion = ?, status = ?, error = ?, writer = '' "
                f"WHERE id = ? AND {_UNFINISHED}",
                (
                    message.role,
                    parts,
                    text,
                    columns.pack(message.ids) or None,
                    message.vocab,
                    message.learn,
                    columns.pack_completion(completion, message),
                    status,
                    error,
                    message_id,
                ),
            )
            _must_be_one(done.rowcount)
            return fetch(db, message_id)


def abandoned(database: Database) -> tuple[str, ...]:
    """The ids of the answers whose writers are dead."""
    with database.read() as db:
        rows = db.execute("SELECT id, writer FROM messages WHERE status = 'streaming'").fetchall()
    return tuple(id_ for id_, name in rows if not writer.alive(name))


def mark_interrupted(database: Database, ids: tuple[str, ...]) -> None:
    """Store that these answers were interrupted; from now on they are found by search."""
    if not ids:
        return
    with database.write() as db:
        db.executemany(
            "UPDATE messages SET status = 'interrupted', writer = '' "
            "WHERE id = ? AND status = 'streaming'",
            [(id_,) for id_ in ids],
        )


def _must_be_one(changed: int) -> None:
    if changed != 1:
        raise StoreError(
            "The answer could not be saved: its conversation was removed in another window, "
            "or it was finished before."
        )
