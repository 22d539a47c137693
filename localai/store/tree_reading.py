"""Conversations read whole, as the values that go from one history to another.

A fork's own tree leaves out what it shares, which is in the trees that it hangs on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from localai.store import columns, prompts, views
from localai.store.driver import sqlite
from localai.store.records import record
from localai.store.rows import StoredMessage
from localai.store.tree import Leaf, Material, Tree, Verdict

_VERDICT = "SELECT r.id, r.rejected, r.chosen, r.state, r.created, r.reason FROM corrections r"
_LISTED = "IN (SELECT value FROM json_each(?1))"
_SHARED_AND_CORRECTED = f"""{views.SHARED}, needed (id) AS (
    SELECT id FROM shared
    UNION SELECT rejected FROM corrections WHERE chosen IN (SELECT id FROM shared)
    OR chosen IN (SELECT id FROM messages WHERE conversation = ?1)
) SELECT m.id, m.conversation FROM needed n JOIN messages m ON m.id = n.id
WHERE m.conversation <> ?1 ORDER BY m.depth, m.number"""


def own(db: sqlite.Connection, conversation: str) -> Tree | None:
    """What was written in a conversation; None when it is gone."""
    verdicts = db.execute(
        f"{_VERDICT} JOIN messages m ON m.id = r.chosen WHERE m.conversation = ? ORDER BY r.number",
        (conversation,),
    )
    tree = _tree(db, conversation, _messages(db, "m.conversation = ?", conversation), verdicts)
    return tree and msgspec.structs.replace(tree, examples=_examples(db, conversation))


def origins(db: sqlite.Connection, conversation: str) -> dict[str, list[str]]:
    """What a fork shares, and the answers that were corrected in that or in the fork: by the
    conversations where they were written, each after those that it hangs on."""
    if not db.execute(
        "SELECT fork FROM conversations WHERE id = ? AND fork IS NOT NULL", (conversation,)
    ).fetchone():
        return {}
    found: dict[str, list[str]] = {}
    for id_, home in db.execute(_SHARED_AND_CORRECTED, (conversation,)):
        found.setdefault(home, []).append(id_)
    return found


def whole(db: sqlite.Connection, conversation: str) -> Tree | None:
    """As `own`, with what a fork shares, and both answers of each correction that is in that."""
    tree, way = own(db, conversation), views.shared(db, conversation)
    if tree is None or not way:
        return tree
    listed = columns.encode(way)
    rows = db.execute(f"{_VERDICT} WHERE r.chosen {_LISTED} ORDER BY r.number", (listed,))
    verdicts = {each.id: each for each in (*_verdicts(rows), *tree.corrections)}
    beside = {each.rejected for each in verdicts.values()}
    ids = list({*way, *beside, *(each.id for each in tree.messages)})
    return msgspec.structs.replace(
        tree,
        messages=_messages(db, f"m.id {_LISTED}", columns.encode(ids)),
        corrections=tuple(verdicts.values()),
    )


def part(
    db: sqlite.Connection, conversation: str, shared: dict[str, list[str]], way: Collection[str]
) -> Tree | None:
    """Only what another conversation needs of a conversation: `shared` are its `origins`, `way`
    the messages up to where it was forked."""
    ids = shared[conversation]
    every = columns.encode([id_ for some in shared.values() for id_ in some])
    rows = db.execute(
        f"{_VERDICT} WHERE r.chosen {_LISTED} AND r.rejected IN (SELECT value FROM json_each(?2)) "
        "ORDER BY r.number",
        (columns.encode(ids), every),
    )
    tree = _tree(db, conversation, _messages(db, f"m.id {_LISTED}", columns.encode(ids)), rows)
    if tree is None:
        return None
    forks = [id_ for id_ in views.shared(db, conversation) if id_ in way]
    leaf = tree.leaf if tree.leaf in ids else next((i for i in reversed(ids) if i in way), ids[-1])
    return msgspec.structs.replace(tree, leaf=leaf, fork=forks[-1] if forks else "")


def _tree(
    db: sqlite.Connection,
    conversation: str,
    messages: tuple[Leaf, ...],
    verdicts: Iterable[Sequence[object]],
) -> Tree | None:
    row = db.execute(
        "SELECT id, title, system, ifnull(leaf, ''), created, updated, deleted, source, "
        "kind, ifnull(fork, '') FROM conversations WHERE id = ?",
        (conversation,),
    ).fetchone()
    if row is None:
        return None
    source = (row[7] or b"").hex()
    return record(
        Tree, (*row[:6], messages, _verdicts(verdicts), row[6], source, row[8], (), row[9])
    )


def _examples(db: sqlite.Connection, conversation: str) -> tuple[Material, ...]:
    rows = db.execute(
        "SELECT x.id, x.leaf, x.source, x.name, x.state, x.whole <> 0, x.created FROM examples x "
        "JOIN messages m ON m.id = x.leaf WHERE m.conversation = ? "
        "AND x.state <> 'retired' ORDER BY x.number",
        (conversation,),
    )
    return tuple(record(Material, (*row[:5], bool(row[5]), row[6])) for row in rows)


def _messages(db: sqlite.Connection, which: str, value: str) -> tuple[Leaf, ...]:
    """Messages as they were recorded."""
    rows = db.execute(
        f"SELECT {columns.MESSAGE}, m.hash FROM messages m WHERE {which} ORDER BY m.number",
        (value,),
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


def _verdicts(rows: Iterable[Sequence[object]]) -> tuple[Verdict, ...]:
    return tuple(record(Verdict, row) for row in rows)
