"""How examples come to be: an answer is marked, a dialogue is written to be learned from.

A written dialogue is a conversation that no list of conversations shows; edited, it gets a
branch, so nothing that was written is lost. Whether examples are learned is decided elsewhere.
What was edited or taken back is retired: nothing lists it, but by its row forgetting finds the
adapters that learned it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from localai.conversation import Message, title
from localai.errors import StoreError
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.ids import new_id
from localai.store.messages import fetch, insert
from localai.store.rewrites import carry_over
from localai.store.tuning import Source

Mark = Literal["good", "bad"]
"""What a user says of an answer without changing it."""
Verdict = Literal["good", "bad", "corrected"]

INSERT = (
    "INSERT OR IGNORE INTO examples (id, leaf, source, name, state, whole, created) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_MARK = """INSERT INTO examples (id, leaf, source, name, state, whole, created)
VALUES (?, ?, ?, '', ?, 0, ?) ON CONFLICT (leaf, name) DO UPDATE
SET source = excluded.source, state = excluded.state, whole = 0, created = excluded.created"""

# Depth falls by one at each step, so even a damaged parent cannot make this run for ever.
_LAST_ANSWER = """WITH RECURSIVE up (id, parent, depth, role) AS (
    SELECT id, parent, depth, role FROM messages WHERE id = ?
    UNION ALL
    SELECT m.id, m.parent, m.depth, m.role FROM up JOIN messages m ON m.id = up.parent
    WHERE m.depth = up.depth - 1 AND up.role <> 'assistant'
) SELECT id FROM up WHERE role = 'assistant'"""


class Authoring:
    """The part of the store where examples are made."""

    _db: Database

    def mark(self, message_id: str, mark: Mark) -> None:
        """Call an answer good, so that it is learned, or bad, so that it never is.

        Raises StoreError for what is no answer of a model's, where a dialogue to learn from
        ends, and for calling good what is corrected.
        """
        with self._db.write() as db:
            _check_markable(db, message_id, mark)
            state = "accepted" if mark == "good" else "rejected"
            db.execute(_MARK, (new_id(), message_id, mark, state, time.time()))

    def unmark(self, message_id: str) -> bool:
        """Take a mark back; whether there was one."""
        with self._db.write() as db:
            done = db.execute(
                "UPDATE examples SET state = 'retired' WHERE leaf = ? "
                "AND source IN ('good', 'bad') AND state <> 'retired'",
                (message_id,),
            )
            return done.rowcount > 0

    def verdicts(self, message_ids: Iterable[str]) -> dict[str, Verdict]:
        """What the user said of these messages: those that are the better answer by a
        correction in force, and those that are marked."""
        listed = msgspec.json.encode(list(message_ids)).decode()
        with self._db.read() as db:
            return dict(
                db.execute(
                    """SELECT x.leaf, x.source FROM json_each(?1) i
                    JOIN examples x ON x.leaf = i.value AND x.name = ''
                    WHERE x.state <> 'retired'
                    AND (x.source = 'bad' OR x.source = 'good' AND x.state <> 'rejected')
                    UNION ALL SELECT r.chosen, 'corrected' FROM json_each(?1) i
                    JOIN corrections r ON r.chosen = i.value WHERE r.state = 'accepted'""",
                    (listed,),
                ).fetchall()
            )

    def write_example(self, messages: Sequence[Message], system: str = "", name: str = "") -> str:
        """Record a dialogue that a user wrote to be learned from, all its answers; the id of
        the example, which is accepted. Raises StoreError unless it ends with an answer."""
        return self.write_examples([messages], system, name)[0]

    def write_examples(
        self, dialogues: Sequence[Sequence[Message]], system: str = "", name: str = ""
    ) -> tuple[str, ...]:
        """The same of several, all or none; their ids."""
        for messages in dialogues:
            _check_dialogue(messages)
        with self._db.write() as db:
            return tuple(_write(db, messages, system, name) for messages in dialogues)

    def replace_set(
        self, name: str, made: Sequence[tuple[Sequence[Message], Source]], system: str = ""
    ) -> tuple[str, ...]:
        """Let these dialogues, each with its source, be all of a named data set, accepted; what
        it had is retired. Their ids. Raises StoreError as `write_example`."""
        for messages, _ in made:
            _check_dialogue(messages)
        with self._db.write() as db:
            query = "UPDATE examples SET state = 'retired' WHERE name = ? AND name <> ''"
            db.execute(query, (name,))
            return tuple(_write(db, each, system, name, source) for each, source in made)

    def add_imported(self, name: str, leaves: Sequence[str]) -> int:
        """Put imported conversations into a named data set, where they wait to be accepted;
        how many that are new there. Each ends with its last answer on the path to a leaf."""
        with self._db.write() as db:
            return sum(_add_imported(db, name, leaf) for leaf in leaves)

    def preview_imported(self, name: str, leaves: Iterable[str]) -> int:
        """How many `add_imported` would put there. One that is not here is taken for a new
        answer."""
        with self._db.read() as db:
            return sum(_would_wait(db, name, leaf) for leaf in leaves)

    def rewrite_example(
        self, example_id: str, messages: Sequence[Message], system: str = ""
    ) -> str:
        """Let these messages be instead of an example; the id of what they are now, because an
        adapter that learned the one has not learned the other. Raises StoreError when it is
        gone or they do not end with an answer."""
        _check_dialogue(messages)
        with self._db.write() as db:
            row = db.execute(
                "SELECT c.id, c.kind, x.leaf FROM examples x JOIN messages m ON m.id = x.leaf "
                "JOIN conversations c ON c.id = m.conversation "
                "WHERE x.id = ? AND x.state <> 'retired'",
                (example_id,),
            ).fetchone()
            if row is None:
                raise StoreError("The example is not there any more; it may have been forgotten.")
            conversation = row[0] if row[1] == "example" else _hidden(db, messages, system)
            db.execute("UPDATE conversations SET system = ? WHERE id = ?", (system, conversation))
            leaf = _branch(db, conversation, messages)
            carry_over(db, row[2], leaf)
            id_ = new_id()
            db.execute(
                "INSERT INTO examples (id, leaf, source, name, state, whole, created) "
                "SELECT ?, ?, source, name, state, whole, created FROM examples WHERE id = ?",
                (id_, leaf, example_id),
            )
            db.execute("UPDATE examples SET state = 'retired' WHERE id = ?", (example_id,))
            return id_


def _add_imported(db: sqlite.Connection, name: str, leaf: str) -> bool:
    row = db.execute(_LAST_ANSWER, (leaf,)).fetchone()
    if row is None:
        return False
    values = (new_id(), row[0], "imported", name, "pending", True, time.time())
    return db.execute(INSERT, values).rowcount > 0


def _would_wait(db: sqlite.Connection, name: str, leaf: str) -> bool:
    row = db.execute(_LAST_ANSWER, (leaf,)).fetchone()
    if row is None:
        return not db.execute("SELECT 1 FROM messages WHERE id = ?", (leaf,)).fetchone()
    query = "SELECT 1 FROM examples WHERE leaf = ? AND name = ?"
    return not db.execute(query, (row[0], name)).fetchone()


def _write(
    db: sqlite.Connection,
    messages: Sequence[Message],
    system: str,
    name: str,
    source: Source = "written",
) -> str:
    leaf = _branch(db, _hidden(db, messages, system), messages)
    return _insert(db, leaf, source, name=name, whole=True)


def _insert(
    db: sqlite.Connection,
    leaf: str,
    source: Source,
    *,
    name: str = "",
    whole: bool = False,
) -> str:
    id_ = new_id()
    db.execute(INSERT, (id_, leaf, source, name, "accepted", whole, time.time()))
    return id_


def _hidden(db: sqlite.Connection, messages: Sequence[Message], system: str) -> str:
    """A new conversation for a dialogue; its id."""
    id_, now = new_id(), time.time()
    asked = next((title(message.text) for message in messages if message.role == "user"), "")
    db.execute(
        "INSERT INTO conversations (id, title, system, created, updated, kind) "
        "VALUES (?, ?, ?, ?, ?, 'example')",
        (id_, asked, system, now, now),
    )
    return id_


def _branch(db: sqlite.Connection, conversation: str, messages: Sequence[Message]) -> str:
    """Add the messages as a path of their own; the id of the last."""
    parent = ""
    for message in messages:
        parent = insert(db, conversation, parent, message, "done", origin=None, writer="")
    return parent


def _check_markable(db: sqlite.Connection, message_id: str, mark: Mark) -> None:
    stored = fetch(db, message_id)
    if stored.message.role != "assistant":
        raise StoreError("Only answers can be called good or bad; choose one of the model's.")
    if stored.status == "streaming":
        raise StoreError("The answer is still being written; stop it or wait, then judge it.")
    written = db.execute(
        "SELECT 1 FROM corrections WHERE chosen = ? AND state = 'accepted'", (message_id,)
    ).fetchone()
    if written:
        raise StoreError("This is your own text, which is learned already; edit it instead.")
    corrected = db.execute(
        "SELECT 1 FROM corrections WHERE rejected = ? AND state = 'accepted'", (message_id,)
    ).fetchone()
    if mark == "good" and corrected:
        raise StoreError("You corrected this answer; take the correction back to call it good.")
    dialogue = db.execute(
        "SELECT 1 FROM examples WHERE leaf = ? AND name = '' AND state <> 'retired' "
        "AND source NOT IN ('good', 'bad')",
        (message_id,),
    ).fetchone()
    if dialogue:
        raise StoreError(
            "A dialogue to learn from ends here; accept, reject or edit that: localai data list"
        )


def _check_dialogue(messages: Sequence[Message]) -> None:
    if not messages or messages[-1].role != "assistant":
        raise StoreError("An example ends with an answer; write what the assistant says last.")
    if not any(message.role == "user" for message in messages):
        raise StoreError("An example needs a question; write what the user says first.")
    for message in messages:
        if not (message.text.strip() or message.calls or message.results):
            raise StoreError("A turn of the example is empty; write what is said in it.")
