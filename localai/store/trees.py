"""Whole conversations with everything that is known of them, out and in again.

What comes in keeps its identity, so a tree that is taken in twice is there once. Files and
their forms are not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from localai.conversation import Message
from localai.store import brought, columns, prompts, tree_reading, views
from localai.store.bulk import insert_many
from localai.store.connection import Database
from localai.store.drafts import Landed
from localai.store.driver import sqlite
from localai.store.tree import Leaf, Tree
from localai.store.tree_checks import problem
from localai.store.views import SHARED

_MESSAGES = """messages (
    id, conversation, parent, depth, role, status, created, learn, writer, error, vocab,
    origin, completion, ids, parts, text, hash
)"""

_WAY = views.way_up("way", "?2")
# What belongs to conversation ?1, also once it shares all up to the message ?2.
_KNOWN = f"""{_WAY} SELECT id, depth FROM messages WHERE conversation = ?1
UNION SELECT id, depth FROM way
UNION SELECT id, depth FROM ({SHARED} SELECT id, depth FROM shared)"""
_LENGTHEN = f"""{_WAY} UPDATE conversations SET fork = ?2
WHERE id = ?1 AND (fork IS NULL OR fork IN (SELECT id FROM way))"""


class Trees:
    """The part of the store that gives and takes whole conversations."""

    _db: Database

    def conversation_ids(self, *, examples: bool = False) -> tuple[str, ...]:
        """The ids of all conversations that are not deleted, oldest first; with `examples`
        also of dialogues that were written to be learned from."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT id FROM conversations WHERE deleted IS NULL AND kind IN ('chat', ?) "
                "ORDER BY number",
                ("example" if examples else "chat",),
            )
            return tuple(id_ for (id_,) in rows)

    def tree(self, conversation_id: str, *, shared: bool = False) -> Tree | None:
        """A conversation whole, but with what a fork shares only if `shared`; None when it is
        gone."""
        with self._db.read() as db:
            return (tree_reading.whole if shared else tree_reading.own)(db, conversation_id)

    def trees(self, ids: Iterable[str]) -> Iterator[Tree]:
        """Conversations whole, each after those that it hangs on: of those that are not among
        the `ids`, only what is needed. What is gone meanwhile is left out."""
        wanted, given = dict.fromkeys(ids), set[str]()
        for id_ in wanted:
            yield from self._with_origins(id_, wanted, given)

    def _with_origins(self, id_: str, wanted: Collection[str], given: set[str]) -> Iterator[Tree]:
        """A conversation, if it is not `given` yet, after those that it hangs on."""
        if id_ in given:
            return
        given.add(id_)
        with self._db.read() as db:
            origins, way = tree_reading.origins(db, id_), set(views.shared(db, id_))
        for origin, ids in origins.items():
            if origin in wanted:
                yield from self._with_origins(origin, wanted, given)
            elif not given.issuperset(ids):
                given.update(ids)
                with self._db.read() as db:
                    part = tree_reading.part(db, origin, origins, way)
                yield from [part] if part else []
        tree = self.tree(id_)
        yield from [tree] if tree else []

    def add_trees(self, trees: list[Tree], *, trust: bool = False) -> list[Landed]:
        """Take conversations in, all in one transaction, with their identities.

        Of one that is there already, only messages and corrections that are not are added.
        One that does not hold together is left out, and its `problem` says why. Nothing is
        learned from them unless they are to `trust`.
        """
        with self._db.write() as db:
            return [_add(db, tree, trust=trust) for tree in trees]

    def preview_trees(
        self, trees: list[Tree], seen: set[str], *, trust: bool = False
    ) -> list[Landed]:
        """What `add_trees` would do with each. `seen` holds the ids of earlier calls, and grows."""
        found = []
        with self._db.read() as db:
            for tree in trees:
                landed, _ = _preview(db, tree, trust=trust, seen=seen)
                if landed.problem:
                    found.append(landed)
                else:
                    found.append(msgspec.structs.replace(landed, leaf=_last_answer(tree)))
                    seen.update((tree.id, *(each.id for each in tree.messages)))
        return found


def _preview(
    db: sqlite.Connection, tree: Tree, *, trust: bool, seen: Collection[str] = ()
) -> tuple[Landed, dict[str, int]]:
    """What would be done once the ids `seen` are here, too, and the depths of the messages of
    the conversation that are here."""
    known: dict[str, int] = dict(db.execute(_KNOWN, (tree.id, tree.fork)).fetchall())
    there = db.execute("SELECT 1 FROM conversations WHERE id = ?", (tree.id,)).fetchone()
    new = [each.id for each in tree.messages if each.id not in known and each.id not in seen]
    wrong = problem(db, tree, known, new, seen)
    if wrong:
        return Landed(False, 0, 0, wrong), known
    landed = Landed(
        there is None and tree.id not in seen,
        len(new),
        len(tree.messages) - len(new),
        corrections=brought.coming(db, tree, trust=trust),
        leaf=tree.leaf,
    )
    return landed, known


def _last_answer(tree: Tree) -> str:
    """The last answer on the way to the leaf, or where that way leaves the tree."""
    messages, at = {each.id: each for each in tree.messages}, tree.leaf
    while at in messages and messages[at].role != "assistant":
        at = messages[at].parent
    return at


def _add(db: sqlite.Connection, tree: Tree, *, trust: bool) -> Landed:
    """Take one tree in, inside the running transaction."""
    landed, depths = _preview(db, tree, trust=trust)
    if landed.problem:
        return landed
    if not trust:
        tree = brought.untaught(tree)
    if landed.new:
        _insert_conversation(db, tree)
    depths[""] = 0
    fresh = [each for each in tree.messages if each.id not in depths]
    for each in fresh:
        depths[each.id] = depths[each.parent] + 1
    insert_many(db, _MESSAGES, [_row(tree.id, each, depths[each.id]) for each in fresh])
    for each in fresh:
        if each.origin is not None:
            prompts.save(db, each.id, each.parent, each.origin.prompt)
    if landed.new and tree.leaf in depths:
        db.execute(
            "UPDATE conversations SET leaf = nullif(?, '') WHERE id = ?", (tree.leaf, tree.id)
        )
    if tree.fork and not landed.new:
        # What came before may have been a part of it.
        db.execute(_LENGTHEN, (tree.id, tree.fork))
    brought.take(db, tree, trust=trust)
    return landed


def _insert_conversation(db: sqlite.Connection, tree: Tree) -> None:
    source = bytes.fromhex(tree.source) or None
    taken = db.execute("SELECT 1 FROM conversations WHERE source = ?", (source,)).fetchone()
    db.execute(
        "INSERT INTO conversations (id, title, system, created, updated, deleted, source, kind, "
        "fork) VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''))",
        (
            tree.id,
            tree.title,
            tree.system,
            tree.created,
            tree.updated,
            tree.deleted,
            None if taken else source,
            tree.kind,
            tree.fork,
        ),
    )


def _row(conversation: str, leaf: Leaf, depth: int) -> tuple[object, ...]:
    """The columns of a message."""
    parts, text = columns.pack_parts(leaf.parts)
    message = Message(leaf.role, leaf.parts, leaf.ids, leaf.vocab, leaf.learn)
    return (
        leaf.id,
        conversation,
        leaf.parent or None,
        depth,
        leaf.role,
        leaf.status,
        leaf.created,
        leaf.learn,
        "",
        leaf.error,
        leaf.vocab,
        columns.pack_origin(leaf.origin),
        columns.pack_completion(leaf.completion, message),
        columns.pack(leaf.ids) or None,
        parts,
        text,
        bytes.fromhex(leaf.hash) or None,
    )
