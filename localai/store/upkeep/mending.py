"""Makes carved rows a history again: what they name is there, or they name something else.

A message whose parent is lost hangs under the one that was said before it, messages of a fork
stay its own; a conversation and a run that are lost are there again by name, for what hangs on
them. Consents, hashes of files, other words for questions, evaluations and votes are not brought
back: a wrong one would do harm, and asking or computing again does none. All inside the running
transaction.
"""

from __future__ import annotations

from itertools import count
from typing import get_args

import msgspec

from localai.store import columns, prompts, run_columns
from localai.store.activations import in_force, log
from localai.store.driver import sqlite
from localai.store.faults import UnreadableRow
from localai.store.m007_search import FILL
from localai.store.tuning import ExampleState, Progress, Reason, Source
from localai.store.upkeep.carve import Row

RECOVERED = "Recovered"
_STATES = (*get_args(ExampleState), "retired")
LOST = "What is known of this run was lost when the history was damaged."
PROGRESS = run_columns.pack(Progress(""))

# As in `columns.MESSAGE`.
_MESSAGE = (
    *("id", "conversation", "parent", "role", "status", "created", "learn", "writer", "error"),
    *("vocab", "text", "origin", "completion", "ids", "parts"),
)
_RUN = run_columns.Row.__struct_fields__
_EXTRAS = ("parts", "origin", "completion", "ids")

# Of ids that should be the same, a half still is where a letter was changed.
_NEAR = """(substr(messages.conversation, 1, 13) = substr(n.conversation, 1, 13)
        OR substr(messages.conversation, 14) = substr(n.conversation, 14))"""
_SHARED = """WITH RECURSIVE shared (conversation, id, parent, depth) AS (
    SELECT c.id, m.id, m.parent, m.depth FROM conversations c JOIN messages m ON m.id = c.fork
    UNION ALL
    SELECT s.conversation, m.id, m.parent, m.depth FROM shared s JOIN messages m
    ON m.id = s.parent WHERE m.depth = s.depth - 1
)"""

_STATEMENTS = (
    # One changed letter in an id is found out by whoever names the row.
    """UPDATE OR IGNORE conversations SET id = (
        SELECT m.conversation FROM messages m WHERE m.id = conversations.leaf
    ) WHERE fork IS NULL AND leaf IN (
        SELECT id FROM messages WHERE conversation NOT IN (SELECT id FROM conversations)
    ) AND id NOT IN (SELECT conversation FROM messages)""",
    # What was said before or after it tells, too, but the messages of a fork that was lost are
    # not those of the conversation that they follow.
    f"""UPDATE messages SET conversation = n.conversation FROM messages n
    WHERE (n.id = messages.parent OR n.parent = messages.id)
    AND messages.conversation NOT IN (SELECT id FROM conversations)
    AND n.conversation IN (SELECT id FROM conversations) AND ({_NEAR} OR EXISTS (
        SELECT 1 FROM messages b WHERE n.id = messages.parent AND b.parent = messages.id
        AND b.conversation = n.conversation))""",
    f"""INSERT INTO conversations (id, title, system, created, updated)
        SELECT conversation, '{RECOVERED}', '', min(created), max(created) FROM messages
        WHERE conversation NOT IN (SELECT id FROM conversations) GROUP BY conversation""",
    """UPDATE messages SET parent = (
        SELECT p.id FROM messages p WHERE p.conversation = messages.conversation
        AND p.number < messages.number AND p.depth < messages.depth ORDER BY p.number DESC LIMIT 1
    ) WHERE parent IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM messages p WHERE p.id = messages.parent AND p.number < messages.number)""",
    """WITH RECURSIVE down (id, depth) AS (
        SELECT id, 1 FROM messages WHERE parent IS NULL
        UNION ALL SELECT m.id, down.depth + 1 FROM down JOIN messages m ON m.parent = down.id
    ) UPDATE messages SET depth = down.depth FROM down
    WHERE down.id = messages.id AND messages.depth <> down.depth""",
    # Where a fork was forked shows in what its messages follow.
    """UPDATE conversations SET fork = ifnull((
        SELECT p.id FROM messages m JOIN messages p ON p.id = m.parent
        WHERE m.conversation = conversations.id AND p.conversation <> m.conversation
        ORDER BY p.depth DESC LIMIT 1
    ), (SELECT m.id FROM messages m WHERE m.id = leaf AND fork IS NOT NULL
        AND m.conversation <> conversations.id))
    WHERE fork IS NULL OR fork NOT IN (SELECT id FROM messages)""",
    f"""{_SHARED} UPDATE conversations SET leaf = ifnull((
        SELECT m.id FROM messages m WHERE m.conversation = conversations.id
        ORDER BY m.number DESC LIMIT 1
    ), fork) WHERE NOT EXISTS (
        SELECT 1 FROM messages m WHERE m.id = leaf AND m.conversation = conversations.id)
    AND (leaf IS NULL OR NOT EXISTS (
        SELECT 1 FROM shared s WHERE s.id = leaf AND s.conversation = conversations.id))""",
    "DELETE FROM prompts WHERE message NOT IN (SELECT id FROM messages)",
    prompts.DROP_UNREADABLE,
    """DELETE FROM corrections WHERE state NOT IN ('accepted', 'withdrawn', 'replaced')
        OR rejected NOT IN (SELECT id FROM messages) OR chosen NOT IN (SELECT id FROM messages)""",
    "DELETE FROM examples WHERE leaf NOT IN (SELECT id FROM messages)",
    "UPDATE runs SET adapter = NULL WHERE adapter NOT IN (SELECT id FROM adapters)",
    "UPDATE adapters SET run = NULL WHERE run NOT IN (SELECT id FROM runs)",
    "DELETE FROM activations WHERE adapter NOT IN (SELECT id FROM adapters)",
    "DELETE FROM activations WHERE reason NOT IN ('promoted', 'chosen', 'rollback')",
    "DELETE FROM metrics WHERE run NOT IN (SELECT id FROM runs)",
    # Rows did not come in their order, and some have changed since.
    "DELETE FROM message_days",
    "DELETE FROM message_tools",
    *FILL,
)


def readable(table: str, row: Row) -> Row | None:
    """A row as the store can read it, without columns that it cannot; None for none."""
    if table == "messages":
        return _message(row)
    if table == "runs":
        return _run(row)
    if table == "corrections" and row.get("reason", "edited") not in get_args(Reason):
        return row | {"reason": "edited"}
    if table == "examples" and not _is_example(row):
        return None
    return row


def doubtful(row: Row) -> bool:
    """Whether a text in it has bytes that were no characters."""
    return any(isinstance(value, str) and "\ufffd" in value for value in row.values())


def mend(db: sqlite.Connection) -> None:
    """Put the references between rows right."""
    _name_runs(db)
    for statement in _STATEMENTS:
        db.execute(statement)
    for (base,) in db.execute("SELECT DISTINCT base FROM activations").fetchall():
        try:
            in_force(log(db, base))
        except UnreadableRow:
            # Each still says what answers from then on; the way back is not known any more.
            db.execute("UPDATE activations SET reason = 'chosen' WHERE base = ?", (base,))


def _name_runs(db: sqlite.Connection) -> None:
    """Add runs that are lost but for what they measured, or the adapter they made."""
    lost = db.execute(
        """SELECT run, ifnull(max(base), ''), ifnull(max(created), 0.0) FROM (
            SELECT run, NULL AS base, NULL AS created FROM metrics
            UNION ALL SELECT run, base, created FROM adapters
        ) WHERE run NOT IN (SELECT id FROM runs) GROUP BY run ORDER BY run"""
    ).fetchall()
    taken = {number for (number,) in db.execute("SELECT number FROM runs")}
    # Each has left a gap among the numbers, unless it was among the last.
    free = (number for number in count(1) if number not in taken)
    db.executemany(
        "INSERT INTO runs (number, id, model, base, state, created, updated, writer, plan, "
        "progress, error) VALUES (?, ?, ?, ?, 'interrupted', ?, ?, '', '{}', ?, ?)",
        [
            (number, id_, RECOVERED, base, created, created, PROGRESS, LOST)
            for number, (id_, base, created) in zip(free, lost, strict=False)
        ],
    )


def _message(row: Row) -> Row | None:
    fixed = dict(row)
    if fixed["status"] == "streaming":
        fixed |= {"status": "interrupted", "writer": ""}
    kept = fixed | dict.fromkeys(_EXTRAS)
    if not _reads(kept):
        return None
    for name in _EXTRAS:
        if _reads(kept | {name: fixed[name]}):
            kept[name] = fixed[name]
    return kept


def _reads(row: Row) -> bool:
    values = {**row, "parent": row["parent"] or "", "created": float(str(row["created"]))}
    try:
        columns.message(tuple(values[name] for name in _MESSAGE), ())
    except (UnreadableRow, msgspec.MsgspecError, UnicodeError):
        return False
    return True


def _is_example(row: Row) -> bool:
    return row["source"] in get_args(Source) and row["state"] in _STATES


def _run(row: Row) -> Row | None:
    """A column that broke costs the run, as nobody could show it."""
    fixed = row | ({"state": "interrupted", "writer": ""} if row["state"] == "running" else {})
    try:
        run_columns.run([(fixed | {"adapter": fixed["adapter"] or ""})[name] for name in _RUN])
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return fixed
