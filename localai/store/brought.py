"""Corrections and examples that a conversation from elsewhere brings: whether they teach is the
user's word.

Without it corrections land taken back, and their messages as ones that nothing is learned from,
which tells them from corrections that the user took back; examples wait. With it they land, or
become, in force.
"""

from __future__ import annotations

import msgspec

from localai.store.authoring import INSERT
from localai.store.driver import sqlite
from localai.store.tree import Tree, Verdict


def untaught(tree: Tree) -> Tree:
    """The tree as one that teaches nothing."""
    replace = msgspec.structs.replace
    return replace(
        tree,
        messages=tuple(replace(each, learn=False) for each in tree.messages),
        corrections=tuple(
            replace(each, state="withdrawn") if each.state == "accepted" else each
            for each in tree.corrections
        ),
        examples=tuple(
            replace(each, state="pending") if each.state == "accepted" else each
            for each in tree.examples
        ),
    )


def coming(db: sqlite.Connection, tree: Tree, *, trust: bool) -> int:
    """How many corrections in force in the tree are not here; with `trust`, not in force."""
    return sum(
        each.state == "accepted" and _comes(db, each, trust=trust) for each in tree.corrections
    )


def take(db: sqlite.Connection, tree: Tree, *, trust: bool) -> None:
    """Take in the corrections and examples of a tree whose messages are here."""
    # One that is there, or that another one in force stands against, stays as it is.
    db.executemany(
        "INSERT OR IGNORE INTO corrections (id, rejected, chosen, state, created, reason) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        map(msgspec.structs.astuple, tree.corrections),
    )
    db.executemany(INSERT, map(msgspec.structs.astuple, tree.examples))
    if not trust:
        return
    db.executemany(
        "UPDATE examples SET state = 'accepted' WHERE id = ? AND state = 'pending'",
        [(each.id,) for each in tree.examples if each.state == "accepted"],
    )
    in_force = [each for each in tree.corrections if each.state == "accepted"]
    db.executemany(
        "UPDATE OR IGNORE corrections SET state = 'accepted' "
        "WHERE id = ? AND rejected = ? AND chosen = ? AND state = 'withdrawn' "
        "AND (SELECT NOT learn FROM messages m WHERE m.id = chosen)",
        [(each.id, each.rejected, each.chosen) for each in in_force],
    )
    db.executemany(
        "UPDATE messages SET learn = 1 WHERE id = ? AND conversation = ? AND NOT learn",
        [(each.id, tree.id) for each in tree.messages if each.learn],
    )


def _comes(db: sqlite.Connection, verdict: Verdict, *, trust: bool) -> bool:
    here = db.execute(
        "SELECT r.state = 'withdrawn' AND NOT m.learn FROM corrections r "
        "JOIN messages m ON m.id = r.chosen WHERE r.id = ?",
        (verdict.id,),
    ).fetchone()
    if not trust or (here is not None and not here[0]):
        return here is None
    query = "SELECT 1 FROM corrections WHERE rejected = ? AND state = 'accepted'"
    return db.execute(query, (verdict.rejected,)).fetchone() is None
