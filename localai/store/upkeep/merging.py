"""Adding the conversations of a backup to the present ones.

Whole conversations alone, told apart by their ids, with their corrections, examples, votes and
other words for questions; so a second time adds nothing. Of what is here already, a fork that
comes gets what it shares and is not here. Adapters and settings stay as they are.
"""

from __future__ import annotations

import msgspec

from localai.store import prompts, views
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.upkeep.restoring import Candidate
from localai.store.upkeep.scope import json

_NEW = "IN (SELECT value FROM json_each(?1))"
# What the new forks share with conversations that are here, and the answers that were corrected
# in that or in the forks, as far as it is not here.
_LACKING = f"""WITH RECURSIVE way (id, parent) AS (
    SELECT m.id, m.parent FROM copy.conversations c JOIN copy.messages m ON m.id = c.fork
    WHERE c.id {_NEW}
    UNION
    SELECT q.id, q.parent FROM copy.corrections r JOIN copy.messages m ON m.id = r.chosen
    JOIN copy.messages q ON q.id = r.rejected WHERE m.conversation {_NEW}
    UNION
    SELECT m.id, m.parent FROM way JOIN copy.messages m ON m.id = way.parent
    UNION
    SELECT q.id, q.parent FROM way JOIN copy.corrections r ON r.chosen = way.id
    JOIN copy.messages q ON q.id = r.rejected
) SELECT m.id FROM way JOIN copy.messages m ON m.id = way.id
WHERE NOT m.conversation {_NEW} AND NOT EXISTS (SELECT 1 FROM messages h WHERE h.id = m.id)"""
_COMING = f"""SELECT id FROM copy.messages
WHERE conversation {_NEW} OR id IN (SELECT value FROM json_each(?2))"""
# Of two that were imported from the same place, one has its name: that which is here.
_SOURCE = """CASE WHEN NOT EXISTS (
    SELECT 1 FROM conversations h WHERE h.source = c.source
) THEN c.source END"""
_HERE = "EXISTS (SELECT 1 FROM {0} h WHERE h.{1} = c.{2})"
_WHICH = {
    "messages": f"c.id IN ({_COMING}) AND NOT {_HERE.format('messages', 'id', 'id')}",
    "prompts": f"c.message IN ({_COMING}) AND NOT {_HERE.format('prompts', 'message', 'message')}",
    "corrections": f"c.chosen IN ({_COMING}) AND {_HERE.format('messages', 'id', 'rejected')}",
    "examples": f"c.leaf IN ({_COMING})",
    "rewrites": f"c.question IN ({_COMING})",
    "preferences": f"""c.question IN ({_COMING})
AND {_HERE.format("messages", "id", "left_answer")}
AND {_HERE.format("messages", "id", "right_answer")}""",
}
# Parents before children, and prompts after those they lean on.
_ORDER = {"prompts": "links", "rewrites": "question"}


class Merged(msgspec.Struct, frozen=True):
    """How many came in; the other conversations were there already."""

    conversations: int
    messages: int
    there: int


def merge(found: Candidate, database: Database) -> Merged:
    """Add the conversations that are not there; a hidden one is there."""
    with database.attached(found.database, "copy"), database.write() as db:
        return _merge(db)


def _merge(db: sqlite.Connection) -> Merged:
    new = [
        id_
        for (id_,) in db.execute(
            "SELECT id FROM copy.conversations WHERE id NOT IN (SELECT id FROM conversations)"
        )
    ]
    (there,) = db.execute("SELECT count(*) FROM copy.conversations").fetchone()
    listed, added = json(new), 0
    lacking = json(id_ for (id_,) in db.execute(_LACKING, (listed,)))
    # Prompts may lean on some that are not here.
    db.execute("PRAGMA defer_foreign_keys=ON")
    _add_conversations(db, listed)
    for table, which in _WHICH.items():
        columns = ", ".join(_columns(db, table))
        # A correction that another one in force stands against is left out.
        done = db.execute(
            f"INSERT OR IGNORE INTO {table} ({columns}) SELECT {columns} FROM copy.{table} c "
            f"WHERE {which} ORDER BY {_ORDER.get(table, 'number')}",
            (listed, lacking),
        )
        added = done.rowcount if table == "messages" else added
    _bring_home(db, listed)
    db.execute(prompts.DROP_UNREADABLE)
    return Merged(len(new), added, there - len(new))


def _add_conversations(db: sqlite.Connection, new: str) -> None:
    """Add the rows of the new conversations, before their messages."""
    columns = _columns(db, "conversations")
    values = [_SOURCE if name == "source" else f"c.{name}" for name in columns]
    db.execute(
        f"INSERT INTO conversations ({', '.join(columns)}) SELECT {', '.join(values)} "
        f"FROM copy.conversations c WHERE c.id {_NEW} ORDER BY c.number",
        (new,),
    )


def _columns(db: sqlite.Connection, table: str) -> list[str]:
    """What is copied of a table: all but the numbers, which each file gives itself."""
    rows = db.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return [name for (name,) in rows if name != "number"]


def _bring_home(db: sqlite.Connection, new: str) -> None:
    """Give the new conversations back what forks kept of them when they were purged."""
    forks = db.execute(
        f"""SELECT DISTINCT f.id FROM copy.messages c JOIN messages m ON m.id = c.id
        JOIN conversations f ON f.id = m.conversation
        WHERE c.conversation {_NEW} AND f.fork IS NOT NULL AND f.id <> c.conversation""",
        (new,),
    )
    for (fork,) in forks.fetchall():
        db.execute(
            f"""{views.SHARED} UPDATE messages SET conversation = c.conversation
            FROM copy.messages c WHERE c.id = messages.id AND messages.conversation = ?1
            AND messages.id IN (SELECT id FROM shared)
            AND c.conversation IN (SELECT value FROM json_each(?2))""",
            (fork, new),
        )
    db.execute(
        f"""UPDATE messages SET conversation = c.conversation
        FROM copy.messages c JOIN messages p ON p.id = c.parent AND p.conversation = c.conversation
        WHERE c.id = messages.id AND c.conversation {_NEW}
        AND messages.conversation <> c.conversation
        AND messages.id IN (SELECT rejected FROM corrections)""",
        (new,),
    )
