"""OpenAssistant trees: a prompt with replies in replies. The best ranked path is the one shown."""

from __future__ import annotations

from typing import Any

from localai.port.turns import ROLES
from localai.port.values import Tree, mapping, mappings, moment, string, texts
from localai.store.drafts import Draft

_UNRANKED = 1_000_000


def read(record: dict[str, Any], now: float) -> Draft:
    """A tree with all its branches."""
    top = mapping(record.get("prompt"))
    tree = Tree(moment(top.get("created_date"), now))
    # The path of ranks down to each node: the smallest of the leaves is shown.
    ranks: dict[int, tuple[float, ...]] = {-1: ()}
    waiting = [(top, -1)]
    while waiting:
        raw, parent = waiting.pop()
        place = _add(tree, raw, parent)
        if place != parent:
            ranks[place] = (*ranks[parent], _rank(raw))
        replies = mappings(raw.get("replies"))
        waiting.extend((each, place) for each in reversed(replies))
    above = {node.parent for node in tree.nodes}
    leaf = min(
        (p for p in range(len(tree.nodes)) if p not in above), key=ranks.__getitem__, default=-1
    )
    name = string(record.get("message_tree_id")) or string(top.get("message_id"))
    return tree.draft(title="", identity=f"oasst:{name}" if name else "", leaf=leaf)


def _add(tree: Tree, raw: dict[str, Any], parent: int) -> int:
    """Add one message; the index that its replies hang under."""
    text, role = string(raw.get("text")), ROLES.get(string(raw.get("role")))
    if role not in ("user", "assistant") or not text or raw.get("deleted") is True:
        tree.left_out.append("deleted or empty messages")
        return parent
    when = moment(raw.get("created_date"), 0.0)
    return tree.add(texts(role, text), parent, when, string(raw.get("model_name")))


def _rank(raw: dict[str, Any]) -> float:
    rank = raw.get("rank")
    return float(rank) if isinstance(rank, int) and abs(rank) < _UNRANKED else _UNRANKED
