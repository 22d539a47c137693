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


def problem(db: sqlite.Connection, tree: Tree, known: Collection[str], new: list[str]) -> str:
    """Why a tree cannot be taken in; "" when it can."""
    if not all(map(is_id, _ids(tree, new))):
        return "it holds ids that no localai has made"
    above = {"", *known}
    for each in tree.messages:
        if each.parent not in above:
            return "a message follows one that is not there"
        if each.id in above and each.id not in known:
            return "an id occurs twice in it"
        above.add(each.id)
    if not all(_sound(each) for each in tree.messages) or not _is_hash(tree.source):
        return "it holds numbers that no localai has written"
    if not all(map(sane, _times(tree))):
        return "it holds times that no clock has shown"
    if not _corrections_hold(db, tree, known):
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


def _corrections_hold(db: sqlite.Connection, tree: Tree, known: Collection[str]) -> bool:
    """True when each correction of a tree is an answer beside the answer it corrects."""
    brought = {each.id: each for each in tree.messages}

    def place(id_: str) -> str | None:
        """The parent of an answer; None for what is no answer of this conversation."""
        role, parent = "", ""
        if id_ in known:
            stored = fetch(db, id_)
            role, parent = stored.message.role, stored.parent
        elif id_ in brought:
            role, parent = brought[id_].role, brought[id_].parent
        return parent if role == "assistant" else None

    for each in tree.corrections:
        above = place(each.rejected)
        if each.chosen == each.rejected or above is None or place(each.chosen) != above:
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
