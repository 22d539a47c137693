"""What belongs to a conversation: what was written in it and, in a fork, the way to the message
that it was forked at, which it shares with the conversations where that was written.

What others write beside that way or after it is theirs alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localai.errors import StoreError
from localai.store import columns
from localai.store.driver import sqlite


def way_up(name: str, start: str) -> str:
    """Begins a query: `name` are the messages from the one with the id `start`, an expression,
    up to the first, with number, id, parent and depth."""
    # Depth falls by one at each step, so even a damaged parent cannot make it run for ever.
    return f"""WITH RECURSIVE {name} (number, id, parent, depth) AS (
    SELECT number, id, parent, depth FROM messages WHERE id = {start}
    UNION ALL
    SELECT m.number, m.id, m.parent, m.depth FROM {name} w JOIN messages m ON m.id = w.parent
    WHERE m.depth = w.depth - 1
)"""


def asked(start: str, column: str) -> str:
    """A query: this column of the last question on the way to the message with the id `start`,
    an expression."""
    return f"""{way_up("up", start)} SELECT u.{column} FROM up JOIN messages u ON u.id = up.id
WHERE u.role = 'user' ORDER BY up.depth DESC LIMIT 1"""


SHARED = way_up("shared", "(SELECT fork FROM conversations WHERE id = ?1)")
"""Begins a query: `shared` are the messages on the way to where conversation ?1 was forked."""
BELONGS = "(m.conversation = ?1 OR m.id IN (SELECT id FROM shared))"
"""After SHARED: whether the message `m` belongs to conversation ?1."""
IN_SIGHT = """(c.deleted IS NULL OR m.id IN (
    WITH RECURSIVE kept (id, parent) AS (
        SELECT m.id, m.parent FROM conversations c JOIN messages m ON m.id = c.fork
        WHERE c.fork IS NOT NULL AND c.deleted IS NULL
        UNION
        SELECT m.id, m.parent FROM kept JOIN messages m ON m.id = kept.parent
    ) SELECT id FROM kept))"""
"""Whether the message `m`, written in conversation `c`, is in one that is not deleted."""

_BELOW = """SELECT m.parent, m.role, m.id FROM json_each(?) p
JOIN messages m ON m.parent = p.value ORDER BY m.number"""
_FIRST = """SELECT role, id, number FROM messages INDEXED BY messages_by_conversation
WHERE conversation = ?1 AND parent IS NULL
UNION SELECT role, id, number FROM messages WHERE id = ?2 ORDER BY 3"""


def depth(db: sqlite.Connection, conversation: str, message: str) -> int | None:
    """The depth of a message that belongs to the conversation; None for any other."""
    row = db.execute(
        f"{SHARED} SELECT m.depth FROM messages m WHERE m.id = ?2 AND {BELONGS}",
        (conversation, message),
    ).fetchone()
    return None if row is None else row[0]


def shared(db: sqlite.Connection, conversation: str) -> list[str]:
    """The ids of the messages up to where a conversation was forked, the first one first."""
    rows = db.execute(f"{SHARED} SELECT id FROM shared ORDER BY depth", (conversation,))
    return [id_ for (id_,) in rows]


def siblings(
    db: sqlite.Connection, conversation: str, rows: Sequence[tuple[Any, ...]]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """For each (parent, role) among the rows that has several messages in the conversation:
    their ids in order.

    The rows are one message or a whole path, with the columns of `columns.MESSAGE`.
    """
    path = [row[0] for row in rows]
    parents = columns.encode([row[2] for row in rows if row[2]])
    found: dict[tuple[str, str], list[str]] = {}
    for parent, role, id_ in db.execute(_BELOW, (parents,)):
        found.setdefault((parent, role), []).append(id_)
    several = {place: ids for place, ids in found.items() if len(ids) > 1}
    first = not all(row[2] for row in rows)
    if not several and not first:
        return {}
    way = _way(db, conversation, path)
    own = db.execute(
        "SELECT id FROM messages WHERE id IN (SELECT value FROM json_each(?)) AND conversation = ?",
        (columns.encode([id_ for ids in several.values() for id_ in ids]), conversation),
    )
    here = {*path, *way, *(id_ for (id_,) in own)}
    if first:
        for role, id_, _ in db.execute(_FIRST, (conversation, way[0] if way else "")):
            several.setdefault(("", role), []).append(id_)
            here.add(id_)
    return {place: tuple(id_ for id_ in ids if id_ in here) for place, ids in several.items()}


def gone() -> StoreError:
    """The error for a message that is not in the conversation, or not there at all."""
    return StoreError(
        "The message is not there any more; its conversation may have been removed "
        "in another window."
    )


def _way(db: sqlite.Connection, conversation: str, path: list[str]) -> list[str]:
    """As `shared`, mostly without looking, because a path through a fork begins with it."""
    row = db.execute("SELECT fork FROM conversations WHERE id = ?", (conversation,)).fetchone()
    fork = row[0] if row else None
    if fork in path:
        return path[: path.index(fork) + 1]
    return shared(db, conversation) if fork else []
