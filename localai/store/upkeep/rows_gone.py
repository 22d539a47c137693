"""Takes a scope's rows out of the database, inside the running transaction.

What is left stays usable: conversations go on from a message that is there, and the log of
which adapter answers reads as if the retired ones had never been made.
"""

from __future__ import annotations

from localai.store import activations, views
from localai.store.driver import sqlite
from localai.store.upkeep import evals_gone
from localai.store.upkeep.scope import Scope, json

_IN = "IN (SELECT value FROM json_each(?1))"


def remove(db: sqlite.Connection, scope: Scope) -> None:
    """Delete everything that the scope lists."""
    evals_gone.remove(db, scope)
    _retire(db, scope)
    messages, conversations = json(scope.messages), json(scope.conversations)
    _untitle(db, messages)
    _move_leaves(db, messages)
    _move_forks(db, messages)
    _unphrase(db, messages)
    db.execute(f"DELETE FROM corrections WHERE id {_IN}", (json(scope.corrections),))
    db.execute(f"DELETE FROM messages WHERE id {_IN}", (messages,))
    db.execute(f"DELETE FROM conversations WHERE id {_IN}", (conversations,))


def _untitle(db: sqlite.Connection, messages: str) -> None:
    """Take the titles away that may be made of a first question that goes: that of its
    conversation, and those of the forks of that one, and so on."""
    rows = db.execute(
        f"SELECT conversation FROM messages WHERE parent IS NULL AND id {_IN}", (messages,)
    )
    titled = {id_ for (id_,) in rows}
    forks = db.execute("SELECT id FROM conversations WHERE fork IS NOT NULL").fetchall()
    on = {fork: _hangs_on(db, fork) for (fork,) in forks} if titled else {}
    while more := {fork for fork in on if on[fork] & titled} - titled:
        titled |= more
    db.execute(
        f"UPDATE conversations SET title = '' WHERE title <> '' AND id {_IN}", (json(titled),)
    )


def _hangs_on(db: sqlite.Connection, fork: str) -> set[str]:
    """The conversations in which was written what a fork shares."""
    rows = db.execute(
        f"{views.SHARED} SELECT DISTINCT m.conversation FROM shared s "
        "JOIN messages m ON m.id = s.id",
        (fork,),
    )
    return {id_ for (id_,) in rows}


def _unphrase(db: sqlite.Connection, messages: str) -> None:
    """Take the other words for a question away whose answer to learn goes; they go by themselves
    with a question that does."""
    db.execute(
        f"""DELETE FROM rewrites WHERE question IN (
            SELECT m.parent FROM messages m WHERE m.id {_IN} AND m.id IN (
                SELECT chosen FROM corrections UNION SELECT leaf FROM examples))""",
        (messages,),
    )


def _move_leaves(db: sqlite.Connection, messages: str) -> None:
    """Let each conversation go on from the last message on its path that stays, else from
    the newest one that does."""
    rows = db.execute(f"SELECT id, leaf FROM conversations WHERE leaf {_IN}", (messages,))
    for conversation, leaf in rows.fetchall():
        kept = (
            _last_kept(db, messages, leaf)
            or db.execute(
                f"SELECT id FROM messages WHERE conversation = ?2 AND NOT id {_IN} "
                "ORDER BY number DESC LIMIT 1",
                (messages, conversation),
            ).fetchone()
        )
        db.execute(
            "UPDATE conversations SET leaf = ? WHERE id = ?",
            (kept[0] if kept else None, conversation),
        )


def _move_forks(db: sqlite.Connection, messages: str) -> None:
    """Let each fork share what stays of what it shared."""
    rows = db.execute(f"SELECT id, fork FROM conversations WHERE fork {_IN}", (messages,))
    for conversation, fork in rows.fetchall():
        (kept,) = _last_kept(db, messages, fork) or (None,)
        db.execute("UPDATE conversations SET fork = ? WHERE id = ?", (kept, conversation))


def _last_kept(db: sqlite.Connection, messages: str, leaf: str) -> tuple[str] | None:
    """The last message on the way to this one that stays."""
    row: tuple[str] | None = db.execute(
        f"{views.way_up('up', '?2')} "
        f"SELECT id FROM up WHERE NOT id {_IN} ORDER BY depth DESC LIMIT 1",
        (messages, leaf),
    ).fetchone()
    return row


def _retire(db: sqlite.Connection, scope: Scope) -> None:
    """Take out the adapters and the runs, and what retired adapters said in other runs."""
    for base in {adapter.base for adapter in scope.adapters}:
        _unsay(db, base, min(each.created for each in scope.adapters if each.base == base))
    activations.remove(db, scope.adapters)
    runs = json(scope.runs)
    db.execute(f"UPDATE adapters SET run = NULL WHERE run {_IN}", (runs,))
    db.execute(f"DELETE FROM runs WHERE id {_IN}", (runs,))
    # What they found is not there any more for those after them to learn again.
    db.execute(
        f"""UPDATE runs SET plan = json_set(plan, '$.earlier', json((
            SELECT json_group_array(value) FROM json_each(plan, '$.earlier')
            WHERE NOT value {_IN})))
        WHERE EXISTS (SELECT 1 FROM json_each(plan, '$.earlier') WHERE value {_IN})""",
        (runs,),
    )


def _unsay(db: sqlite.Connection, base: str, since: float) -> None:
    """Take out of a model's runs that went on since then what adapters may have said in them:
    the answers of the gate, and those that were sampled in rounds. Who sampled in a round is not
    kept: what answered then, or one that had learned from its answers. All numbers stay."""
    db.execute(
        "UPDATE runs SET verdict = json_remove(verdict, '$.answers') "
        "WHERE base = ? AND updated >= ? AND verdict IS NOT NULL",
        (base, since),
    )
    db.execute(
        "DELETE FROM attempts WHERE run IN (SELECT id FROM runs WHERE base = ? AND updated >= ?)",
        (base, since),
    )
