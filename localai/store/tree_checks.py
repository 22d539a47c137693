"""Whether a conversation from elsewhere holds together, so that it can be taken in."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from localai.moments import sane
from localai.store.drafts import HASH_BYTES
from localai.store.driver import sqlite
from localai.store.ids import is_id
from localai.store.tree import Leaf, Tree


def problem(db: sqlite.Connection, tree: Tree, known: dict[str, int], new: list[str]) -> str:
    """Why a tree cannot be taken in; "" when it can."""
    if not all(map(is_id, (tree.id, *new, *(each.id for each in tree.corrections)))):
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
    held = msgspec.json.encode(new).decode()
    query = "SELECT 1 FROM messages WHERE id IN (SELECT value FROM json_each(?)) LIMIT 1"
    if db.execute(query, (held,)).fetchone():
        return "its messages are here in another conversation"
    return ""


def _times(tree: Tree) -> Iterator[float]:
    """Every point in time that a conversation holds."""
    yield from (tree.created, tree.updated, tree.deleted or 0.0)
    yield from (each.created for each in tree.messages)
    yield from (each.created for each in tree.corrections)


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
