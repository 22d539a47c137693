"""Questions with one answer (Alpaca, Dolly, prompt and completion) or a better and a worse one.

Of a pair both answers are kept, side by side; the conversation goes on from the better one.
It corrects nothing: imported conversations are history.
"""

from __future__ import annotations

from typing import Any

from localai.port import turns
from localai.port.values import Tree, Unreadable, joined, string, texts
from localai.store.drafts import Draft


def alpaca(record: dict[str, Any], now: float) -> Draft:
    """`instruction` with `input` or `context`, and `output` or `response`. Raises Unreadable."""
    tree = Tree(now)
    tree.system = string(record.get("system"))
    history = record.get("history")
    for each in history if isinstance(history, list) else ():
        if isinstance(each, list) and len(each) == 2:
            _add(tree, "user", each[0])
            _add(tree, "assistant", each[1])
    more = string(record.get("input")) or string(record.get("context"))
    _add(tree, "user", joined((string(record.get("instruction")), more)))
    _add(tree, "assistant", record.get("output", record.get("response")))
    return tree.draft(title="")


def completion(record: dict[str, Any], now: float) -> Draft:
    """`prompt` and `completion`, texts or lists of messages. Raises Unreadable."""
    tree = Tree(now)
    _add(tree, "user", record["prompt"])
    _add(tree, "assistant", record["completion"])
    return tree.draft(title="")


def preference(record: dict[str, Any], now: float) -> Draft:
    """`chosen` and `rejected`, after a `prompt` if there is one. Raises Unreadable."""
    tree = Tree(now)
    chosen, rejected = record["chosen"], record["rejected"]
    if isinstance(record.get("prompt"), str | list):
        _add(tree, "user", record["prompt"])
    elif isinstance(chosen, list) and isinstance(rejected, list):
        # The prompt is what both begin with.
        same = _shared(chosen, rejected)
        turns.add(tree, chosen[:same])
        chosen, rejected = chosen[same:], rejected[same:]
    question = tree.last
    _add(tree, "assistant", rejected)
    tree.last = question
    _add(tree, "assistant", chosen)
    return tree.draft(title="")


def _add(tree: Tree, role: str, what: Any) -> None:
    """A text said by `role`, or messages with roles of their own."""
    if isinstance(what, list):
        turns.add(tree, what)
    elif not isinstance(what, str):
        raise Unreadable("a text is missing")
    elif what.strip():
        text = string(what).strip()
        tree.add(texts("user" if role == "user" else "assistant", text), tree.last)


def _shared(one: list[Any], other: list[Any]) -> int:
    """How many messages two lists have in common at their start, short of the last of each."""
    count = 0
    while count < min(len(one), len(other)) - 1 and one[count] == other[count]:
        count += 1
    return count
