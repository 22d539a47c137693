"""Conversations as text in the forms of an export, piece by piece.

`json` holds everything and can be read back; the others hold what is shown: the path to the
message that a conversation goes on from. `pairs` holds corrections that are in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from localai.conversation import Message
from localai.port import html, lossless, markdown
from localai.store.tree import Leaf, Tree

Writer = Callable[[Iterable[Tree]], Iterator[str]]


def path(tree: Tree, leaf: str) -> list[Leaf]:
    """The messages from the first one to `leaf`; none for ""."""
    known = {each.id: each for each in tree.messages}
    found: list[Leaf] = []
    while leaf in known:
        # Taken out, so that even a damaged tree has an end.
        found.append(known.pop(leaf))
        leaf = found[-1].parent
    return found[::-1]


def openai(trees: Iterable[Tree]) -> Iterator[str]:
    """JSON lines with `messages`, as OpenAI's fine-tuning takes them."""
    for tree in trees:
        messages = _messages(tree, path(tree, tree.leaf))
        if messages:
            yield lossless.dumps({"messages": messages}) + "\n"


def pairs(trees: Iterable[Tree]) -> Iterator[str]:
    """JSON lines with `prompt`, `chosen` and `rejected`, each a list of messages."""
    given = set[str]()
    for tree in trees:
        known = {each.id: each for each in tree.messages}
        for verdict in tree.corrections:
            # Forks share corrections.
            if verdict.state == "accepted" and verdict.id not in given:
                given.add(verdict.id)
                chosen, rejected = known[verdict.chosen], known[verdict.rejected]
                pair = {
                    "prompt": _messages(tree, path(tree, chosen.parent)),
                    "chosen": _spoken(chosen),
                    "rejected": _spoken(rejected),
                }
                yield lossless.dumps(pair) + "\n"


def _markdown(trees: Iterable[Tree]) -> Iterator[str]:
    return markdown.write((tree, path(tree, tree.leaf)) for tree in trees)


def _html(trees: Iterable[Tree]) -> Iterator[str]:
    return html.write((tree, path(tree, tree.leaf)) for tree in trees)


WRITERS: dict[str, Writer] = {
    "md": _markdown,
    "json": lossless.write,
    "html": _html,
    "openai": openai,
    "pairs": pairs,
}


def _messages(tree: Tree, leaves: Iterable[Leaf]) -> list[dict[str, Any]]:
    """Messages under the conversation's system text."""
    system = [{"role": "system", "content": tree.system}] if tree.system else []
    return system + [entry for leaf in leaves for entry in _spoken(leaf)]


def _spoken(leaf: Leaf) -> list[dict[str, Any]]:
    """A message in OpenAI's form; results of tools are a message each."""
    message = Message(leaf.role, leaf.parts)
    if message.results:
        return [
            {"role": "tool", "tool_call_id": each.call_id, "content": each.text}
            for each in message.results
        ]
    entry: dict[str, Any] = {"role": leaf.role, "content": message.text}
    if message.calls:
        entry["tool_calls"] = [
            {
                "id": each.id,
                "type": "function",
                "function": {
                    "name": each.name,
                    "arguments": msgspec.json.encode(each.arguments).decode(),
                },
            }
            for each in message.calls
        ]
    return [entry]
