"""ChatGPT exports: `conversations.json`, a mapping from ids to nodes with parents.

Parents decide the tree; children only the order of siblings. Hidden messages and empty ones
are left out and their children move up. Custom instructions become the system text.
"""

from __future__ import annotations

from typing import Any

from localai.conversation import Message
from localai.port import chatgpt_content as content
from localai.port.values import Tree, Unreadable, mapping, moment, string
from localai.store.drafts import Draft


def read(record: dict[str, Any], now: float) -> Draft:
    """A conversation of the export. Raises Unreadable."""
    nodes = record.get("mapping")
    if not isinstance(nodes, dict):
        raise Unreadable("its mapping is no JSON object")
    nodes = {key: node for key, node in nodes.items() if isinstance(node, dict)}
    created = moment(record.get("create_time"), now)
    tree = Tree(created)
    places: dict[str, int] = {}
    for key, above in _in_order(nodes, tree):
        places[key] = _add(tree, key, nodes[key], places.get(above, -1), created)
    name = string(record.get("conversation_id")) or string(record.get("id"))
    leaf = places.get(string(record.get("current_node")), -1)
    return tree.draft(
        title=string(record.get("title")),
        identity=f"chatgpt:{name}" if name else "",
        leaf=leaf if leaf >= 0 else _latest(tree),
        updated=moment(record.get("update_time"), created),
    )


def _in_order(nodes: dict[str, Any], tree: Tree) -> list[tuple[str, str]]:
    """Each node's id with its parent's, parents first, "" above the first. Cycles are cut."""
    below: dict[str, list[str]] = {}
    for key, node in nodes.items():
        parent = node.get("parent")
        below.setdefault(parent if isinstance(parent, str) and parent in nodes else "", []).append(
            key
        )
    found: list[tuple[str, str]] = []
    seen: set[str] = set()

    def follow(top: str) -> None:
        waiting = [(top, "")]
        while waiting:
            key, above = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            found.append((key, above))
            order = _order(nodes[key])
            children = sorted(below.get(key, ()), key=lambda child: order.get(child, len(order)))
            waiting.extend((child, key) for child in reversed(children))

    for key in below.get("", ()):
        follow(key)
    for key in nodes:
        if key not in seen:
            tree.left_out.append("links in a circle were cut")
            follow(key)
    return found


def _order(node: dict[str, Any]) -> dict[str, int]:
    """The place of each child among its siblings."""
    children = node.get("children")
    listed = children if isinstance(children, list) else []
    return {child: place for place, child in enumerate(listed) if isinstance(child, str)}


def _add(tree: Tree, key: str, node: dict[str, Any], parent: int, default: float) -> int:
    """Add what a node holds; the index that its children hang under."""
    message = node.get("message")
    if not isinstance(message, dict):
        return parent
    created = moment(message.get("create_time"), default)
    meta = mapping(message.get("metadata"))
    if content.is_instructions(message):
        tree.system = tree.system or content.instructions(message)
        return parent
    if meta.get("is_visually_hidden_from_conversation") is True:
        if content.text(message):
            tree.left_out.append("hidden messages")
        return parent
    made = _message(tree, key, message, parent)
    if made is None:
        return parent
    if made.role == "system" and not tree.nodes and not tree.system:
        tree.system = made.text
        return parent
    return tree.add(made, parent, created, string(meta.get("model_slug")))


def _message(tree: Tree, key: str, message: dict[str, Any], parent: int) -> Message | None:
    """The message in our form, None for one that says nothing."""
    pending = tree.nodes[parent].message.calls if parent >= 0 else ()
    made = content.message(key, message, pending[0].id if pending else "")
    if made is None and content.text(message):
        tree.left_out.append("messages of an unknown kind")
    return made


def _latest(tree: Tree) -> int:
    """The leaf that was written last."""
    parents = {node.parent for node in tree.nodes}
    leaves = (place for place in range(len(tree.nodes)) if place not in parents)
    return max(leaves, key=lambda place: (tree.nodes[place].created, place), default=-1)
