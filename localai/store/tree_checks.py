"""Whether a conversation from elsewhere holds together, so that it can be taken in."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from localai.moments import sane
from localai.store.drafts import HASH_BYTES
from localai.store.driver import sqlite
from localai.store.ids import is_id
from localai.store.messages import fetch
from localai.store.tree import Leaf, Tree


def problem(
    db: sqlite.Connection,
    tree: Tree,
    known: Collection[str],
    new: list[str],
    seen: Collection[str] = (),
) -> str:
    """Why a tree cannot be taken in; "" when it can. Of its conversation, messages that are
    `known` are here; those `seen` are to come before it."""
    if not all(map(is_id, _ids(tree, new))):
        return "it holds ids that no localai has made"
    above = {"", *known}
    for each in tree.messages:
        if each.parent not in above and each.parent not in seen:
            return "a message follows one that is not there"
        if each.id in above and each.id not in known:
            return "an id occurs twice in it"
        above.add(each.id)
    if tree.fork not in above and tree.fork not in seen:
        return "what it was forked from is not there"
    if not all(_sound(each) for each in tree.messages) or not _is_hash(tree.source):
        return "it holds numbers that no localai has written"
    if not all(map(sane, _times(tree))):
        return "it holds times that no clock has shown"
    if not _corrections_hold(db, tree, known, seen):
        return "a correction in it does not stand beside an answer in it"
    if not {each.leaf for each in tree.examples} <= above:
        return "an example in it is of a message that is not there"
    held = msgspec.json.encode(new).decode()
    query = "SELECT 1 FROM messages WHERE id IN (SELECT value FROM json_each(?)) LIMIT 1"
    if db.execute(query, (held,)).fetchone():
        return "its messages are here in another conversation"
    return ""


def _ids(tree: Tree, new: list[str]) -> Iterator[str]:
    """Every id that a conversation brings."""
    yield from (tree.id, *new)
    yield from (each.id for each in tree.corrections)
    yield from (each.id for each in tree.examples)


def _times(tree: Tree) -> Iterator[float]:
    """Every point in time that a conversation holds."""
    yield from (tree.created, tree.updated, tree.deleted or 0.0)
    yield from (each.created for each in tree.messages)
    yield from (each.created for each in tree.corrections)
    yield from (each.created for each in tree.examples)


def _corrections_hold(
    db: sqlite.Connection, tree: Tree, known: Collection[str], seen: Collection[str]
) -> bool:
    """True when each correction of a tree is an answer beside the answer it corrects, as far
    as that is not only `seen`."""
    brought = {each.id: each for each in tree.messages}

    def place(id_: str) -> str | None:
        """The parent of an answer, "" at the root; None for what is no answer that is here or
        comes. What is here decides, not what a file says of it."""
        if id_ in brought and id_ not in known:
            role, parent = brought[id_].role, brought[id_].parent
        elif db.execute("SELECT 1 FROM messages WHERE id = ?", (id_,)).fetchone():
            stored = fetch(db, id_)
            role, parent = stored.message.role, stored.parent
        else:
            return None
        return parent if role == "assistant" else None

    for each in tree.corrections:
        if each.rejected in seen and each.rejected not in known:
            continue
        here = each.chosen in brought or each.chosen in known
        above = place(each.rejected)
        if each.chosen == each.rejected or above is None or place(each.chosen) != above or not here:
            return False
    return True


def _sound(leaf: Leaf) -> bool:
    """True when the numbers of a message fit their columns."""
    held = [leaf.ids, leaf.origin.prompt if leaf.origin else ()]
    held.append(leaf.completion.ids if leaf.completion else ())
    fits = all(-(2**31) <= id_ < 2**31 for ids in held for id_ in ids)
    return fits and _is_hash(leaf.hash)


def _is_hash(text: str) -> bool:
    """True for hex of a hash, and for ""."""
    digits = "0123456789abcdef"
    return not text or (len(text) == 2 * HASH_BYTES and set(text) <= set(digits))
