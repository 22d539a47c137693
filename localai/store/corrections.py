"""What users made of answers: corrections are recorded, edited again, taken back.

The user's text is a message like any other, a sibling of the one it corrects, so nothing
that a model said is lost. What a correction teaches is decided elsewhere.
"""

from __future__ import annotations

import time

from localai.conversation import Message, Text
from localai.errors import StoreError
from localai.store import views
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.ids import new_id
from localai.store.messages import fetch, insert
from localai.store.records import record
from localai.store.rows import StoredMessage
from localai.store.tuning import Corrected, Correction, CorrectionState, Reason

_SELECT = """SELECT r.id, m.conversation, r.rejected, r.chosen, r.state, r.created, r.reason
FROM corrections r JOIN messages m ON m.id = r.chosen"""
# One answer teaches one thing, so a correction stands in the place of marks on it and on every
# text that it was corrected to.
UNMARK = """UPDATE examples SET state = 'retired' WHERE source IN ('good', 'bad') AND (
    leaf = ?1 OR leaf IN (SELECT chosen FROM corrections WHERE rejected = ?1)
)"""


class Corrections:
    """The part of the store that knows corrections."""

    _db: Database

    def add_correction(
        self,
        rejected_id: str,
        text: str,
        reason: Reason = "edited",
        conversation_id: str = "",
    ) -> Correction:
        """Record that `text` is the better answer, beside the one that is edited, and go on
        from it in `conversation_id`, by default where the edited one was written.

        `rejected` of the result is always what a model said: when the edited message is
        itself a correction, it is the one that was corrected first. A message has one
        correction in force, so an earlier one becomes "replaced", and marks on it or on its
        corrections go. Raises StoreError when there is nothing to correct or the text says
        nothing new.
        """
        with self._db.write() as db:
            edited = fetch(db, rejected_id)
            rejected = _first_rejected(db, edited)
            _check(edited, rejected, text)
            better = Message("assistant", (Text(text),))
            talk = conversation_id or edited.conversation
            chosen = insert(db, talk, edited.parent, better, "done", origin=None, writer="")
            return _record(db, talk, rejected.id, chosen, reason)

    def prefer(self, rejected_id: str, chosen_id: str, reason: Reason) -> Correction:
        """Record that the answer `chosen_id`, which is there, is better than the one beside it.

        As `add_correction` otherwise; the conversation stays where it is.
        """
        with self._db.write() as db:
            chosen = fetch(db, chosen_id)
            rejected = _first_rejected(db, fetch(db, rejected_id))
            beside = rejected.parent == chosen.parent and rejected.id != chosen.id
            if not beside or chosen.message.role != "assistant" or chosen.status != "done":
                raise StoreError(
                    "Only two finished answers to the same question can be compared; choose others."
                )
            return _record(db, chosen.conversation, rejected.id, chosen.id, reason)

    def withdraw_correction(self, correction_id: str, conversation_id: str = "") -> Correction:
        """Take a correction in force back; `conversation_id`, by default the one where it was
        made, goes on from what it rejected, if that belongs to it. A mark in whose place it stood
        does not come back.

        Raises StoreError when it is gone or not in force any more.
        """
        with self._db.write() as db:
            done = db.execute(
                "UPDATE corrections SET state = 'withdrawn' WHERE id = ? AND state = 'accepted'",
                (correction_id,),
            )
            if done.rowcount != 1:
                raise StoreError(
                    "The correction is not in force any more: it was taken back or edited "
                    "again, or its conversation was removed."
                )
            row = db.execute(f"{_SELECT} WHERE r.id = ?", (correction_id,)).fetchone()
            taken = record(Correction, row)
            talk = conversation_id or taken.conversation
            if views.depth(db, talk, taken.rejected) is not None:
                db.execute("UPDATE conversations SET leaf = ? WHERE id = ?", (taken.rejected, talk))
            return taken

    def corrections(self, *, state: CorrectionState = "accepted") -> tuple[Correction, ...]:
        """Corrections in that state, oldest first, without those that only deleted conversations
        have."""
        with self._db.read() as db:
            rows = db.execute(
                f"{_SELECT} JOIN conversations c ON c.id = m.conversation "
                f"WHERE r.state = ? AND {views.IN_SIGHT} ORDER BY r.number",
                (state,),
            ).fetchall()
            return tuple(record(Correction, row) for row in rows)

    def corrected(self, limit: int = 2_000) -> tuple[Corrected, ...]:
        """The newest corrections in force of answers to a question, newest first."""
        with self._db.read() as db:
            rows = db.execute(
                f"""SELECT r.id, m.conversation, q.text, m.text, m.id FROM corrections r
                JOIN messages m ON m.id = r.chosen JOIN messages q ON q.id = m.parent
                JOIN conversations c ON c.id = m.conversation
                WHERE r.state = 'accepted' AND {views.IN_SIGHT} AND q.role = 'user'
                AND ifnull(instr(m.parts, '"tool_call"'), 0) = 0
                ORDER BY r.number DESC LIMIT ?""",
                (limit,),
            ).fetchall()
        return tuple(Corrected(*row) for row in rows)

    def correction_for(self, message_id: str) -> Correction | None:
        """The correction in force whose text this message is."""
        with self._db.read() as db:
            row = db.execute(
                f"{_SELECT} WHERE r.chosen = ? AND r.state = 'accepted'", (message_id,)
            ).fetchone()
            return None if row is None else record(Correction, row)


def _record(
    db: sqlite.Connection, conversation: str, rejected: str, chosen: str, reason: Reason
) -> Correction:
    """The correction, in force in the place of an earlier one and of marks."""
    db.execute(
        "UPDATE corrections SET state = 'replaced' WHERE rejected = ? AND state = 'accepted'",
        (rejected,),
    )
    made = Correction(new_id(), conversation, rejected, chosen, "accepted", time.time(), reason)
    db.execute(
        "INSERT INTO corrections (id, rejected, chosen, state, created, reason) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (chosen) DO UPDATE SET id = excluded.id, "
        "state = excluded.state, created = excluded.created, reason = excluded.reason",
        (made.id, made.rejected, made.chosen, made.state, made.created, made.reason),
    )
    db.execute(UNMARK, (rejected,))
    return made


def _first_rejected(db: sqlite.Connection, edited: StoredMessage) -> StoredMessage:
    """What a model said in the place of the edited message."""
    row = db.execute("SELECT rejected FROM corrections WHERE chosen = ?", (edited.id,)).fetchone()
    return edited if row is None else fetch(db, row[0])


def _check(edited: StoredMessage, rejected: StoredMessage, text: str) -> None:
    """Raise StoreError unless the text corrects something."""
    if edited.message.role != "assistant":
        raise StoreError("Only answers can be corrected; edit your own message instead.")
    if edited.message.calls:
        raise StoreError(
            "A message that calls tools cannot be corrected; correct the answer to it."
        )
    if edited.status == "streaming":
        raise StoreError("The answer is still being written; stop it or wait, then correct it.")
    if not text.strip():
        raise StoreError("A correction needs a text; write what the answer should have been.")
    if text == edited.message.text:
        raise StoreError("The text is unchanged; edit it to correct the answer.")
    if text == rejected.message.text:
        raise StoreError("That is the model's own answer; take the correction back instead.")
