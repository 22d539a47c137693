"""Whole conversations with everything that is known of them, out and in again.

What comes in keeps its identity, so a tree that is taken in twice is there once. Files and
their forms are not known here.
"""

from __future__ import annotations

import msgspec

from localai.conversation import Message
from localai.store import brought, columns, prompts
from localai.store.bulk import insert_many
from localai.store.connection import Database
from localai.store.drafts import Landed
from localai.store.driver import sqlite
from localai.store.records import record
from localai.store.rows import StoredMessage
from localai.store.tree import Leaf, Material, Tree, Verdict
from localai.store.tree_checks import problem

_MESSAGES = """messages (
    id, conversation, parent, depth, role, status, created, learn, writer, error, vocab,
    origin, completion, ids, parts, text, hash
)"""


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

    def tree(self, conversation_id: str) -> Tree | None:
        """A conversation whole; None when it is gone."""
        with self._db.read() as db:
            row = db.execute(
                "SELECT id, title, system, ifnull(leaf, ''), created, updated, deleted, source, "
                "kind FROM conversations WHERE id = ?",
                (conversation_id,),
            ).fetchone()
            if row is None:
                return None
            return record(
                Tree,
                (
                    *row[:6],
                    _messages(db, conversation_id),
                    _corrections(db, conversation_id),
                    row[6],
                    (row[7] or b"").hex(),
                    row[8],
                    _examples(db, conversation_id),
                ),
            )

    def add_trees(self, trees: list[Tree], *, trust: bool = False) -> list[Landed]:
        """Take conversations in, all in one transaction, with their identities.

        Of one that is there already, only messages and corrections that are not are added.
        One that does not hold together is left out, and its `problem` says why. Nothing is
        learned from them unless they are to `trust`.
        """
        with self._db.write() as db:
            return [_add(db, tree, trust=trust) for tree in trees]

    def preview_trees(self, trees: list[Tree], *, trust: bool = False) -> list[Landed]:
        """What `add_trees` would do with each."""
        with self._db.read() as db:
            return [_preview(db, tree, trust=trust)[0] for tree in trees]


def _messages(db: sqlite.Connection, conversation: str) -> tuple[Leaf, ...]:
    """All messages of a conversation, as they were recorded."""
    rows = db.execute(
        f"SELECT {columns.MESSAGE}, m.hash FROM messages m WHERE m.conversation = ? "
        "ORDER BY m.number",
        (conversation,),
    ).fetchall()
    return tuple(_leaf(db, columns.message(row[:-1], ()), row[-1]) for row in rows)


def _leaf(db: sqlite.Connection, stored: StoredMessage, own: bytes | None) -> Leaf:
    origin, said = stored.origin, stored.message
    if origin is not None:
        origin = msgspec.structs.replace(origin, prompt=prompts.load(db, stored.id))
    return Leaf(
        stored.id,
        stored.parent,
        said.role,
        # To whoever reads it elsewhere, nobody writes it any more.
        "interrupted" if stored.status == "streaming" else stored.status,
        stored.created,
        said.parts,
        said.ids,
        said.vocab,
        said.learn,
        stored.error,
        origin,
        stored.completion,
        (own or b"").hex(),
    )


def _corrections(db: sqlite.Connection, conversation: str) -> tuple[Verdict, ...]:
    rows = db.execute(
        "SELECT r.id, r.rejected, r.chosen, r.state, r.created, r.reason FROM corrections r "
        "JOIN messages m ON m.id = r.chosen "
        "JOIN messages q ON q.id = r.rejected AND q.conversation = m.conversation "
        "WHERE m.conversation = ? ORDER BY r.number",
        (conversation,),
    )
    return tuple(record(Verdict, row) for row in rows)


def _examples(db: sqlite.Connection, conversation: str) -> tuple[Material, ...]:
    rows = db.execute(
        "SELECT x.id, x.leaf, x.source, x.name, x.state, x.whole <> 0, x.created FROM examples x "
        "JOIN messages m ON m.id = x.leaf WHERE m.conversation = ? ORDER BY x.number",
        (conversation,),
    )
    return tuple(record(Material, (*row[:5], bool(row[5]), row[6])) for row in rows)


def _preview(db: sqlite.Connection, tree: Tree, *, trust: bool) -> tuple[Landed, dict[str, int]]:
    """What would be done, and the depths of the messages that are there."""
    known: dict[str, int] = dict(
        db.execute("SELECT id, depth FROM messages WHERE conversation = ?", (tree.id,)).fetchall()
    )
    there = db.execute("SELECT 1 FROM conversations WHERE id = ?", (tree.id,)).fetchone()
    new = [each.id for each in tree.messages if each.id not in known]
    wrong = problem(db, tree, known, new)
    if wrong:
        return Landed(False, 0, 0, wrong), known
    landed = Landed(
        there is None,
        len(new),
        len(tree.messages) - len(new),
        corrections=brought.coming(db, tree, trust=trust),
    )
    return landed, known


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
    brought.take(db, tree, trust=trust)
    return msgspec.structs.replace(landed, leaf=tree.leaf)


def _insert_conversation(db: sqlite.Connection, tree: Tree) -> None:
    source = bytes.fromhex(tree.source) or None
    taken = db.execute("SELECT 1 FROM conversations WHERE source = ?", (source,)).fetchone()
    db.execute(
        "INSERT INTO conversations (id, title, system, created, updated, deleted, source, kind) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            tree.id,
            tree.title,
            tree.system,
            tree.created,
            tree.updated,
            tree.deleted,
            None if taken else source,
            tree.kind,
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
