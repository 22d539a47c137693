"""Lists of turns: OpenAI messages, ShareGPT, and anything that names roles in their ways.

A system text at the start is the conversation's own; one further on is a message.
"""

from __future__ import annotations

from typing import Any

from localai.conversation import Message, Part, Reasoning, Role, Text, ToolResult
from localai.port.values import (
    Tree,
    Unreadable,
    arguments,
    call,
    joined,
    mapping,
    mappings,
    moment,
    said,
    string,
)
from localai.store.drafts import Draft

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "function_response": "tool",
    "observation": "tool",
    "tool_response": "tool",
}


def read(record: dict[str, Any], now: float) -> Draft:
    """A conversation that is a list of turns. Raises Unreadable."""
    names = ("messages", "conversations", "conversation")
    turns = next((record[name] for name in names if isinstance(record.get(name), list)), None)
    if turns is None:
        raise Unreadable("its messages are no list")
    tree = Tree(moment(record.get("create_time", record.get("created_at")), now))
    tree.system = string(record.get("system"))
    add(tree, turns)
    return tree.draft(title=string(record.get("title")))


def add(tree: Tree, turns: Any) -> None:
    """Add turns after the tree's last node. Raises Unreadable."""
    for raw in turns:
        if not isinstance(raw, dict):
            raise Unreadable("a message is no JSON object")
        before = tree.nodes[tree.last].message if tree.last >= 0 else None
        made = message(raw, before, f"call{len(tree.nodes)}")
        if made is None:
            tree.left_out.append("empty messages")
        elif made.role == "system" and not tree.nodes and not tree.system:
            tree.system = made.text
        else:
            tree.add(made, tree.last, moment(raw.get("created_at"), 0.0))


def message(raw: dict[str, Any], before: Message | None, own_id: str) -> Message | None:
    """One turn in our form, None for an empty one. Raises Unreadable.

    A result without a name of its own answers the first call of the message `before`; calls
    without one are called `own_id`.
    """
    name = string(raw.get("role")) or string(raw.get("from"))
    role = ROLES.get(name.lower())
    if role is None:
        raise Unreadable("a message has a role that localai does not know")
    text = _text(raw.get("content", raw.get("value")))
    if role == "tool":
        pending = before.calls if before else ()
        answers = string(raw.get("tool_call_id")) or (pending[0].id if pending else "")
        return said("tool", ToolResult(answers, text, untrusted=True)) if text else None
    if name in ("function_call", "tool_call"):
        return said("assistant", _call(arguments(text), own_id))
    parts: list[Part] = []
    thought = string(raw.get("reasoning_content"))
    if thought and role == "assistant":
        parts.append(Reasoning(thought))
    if text:
        parts.append(Text(text))
    if role == "assistant":
        parts += _calls(raw, own_id)
    return said(role, *parts) if parts else None


def _calls(raw: dict[str, Any], own_id: str) -> list[Part]:
    """The calls of an OpenAI message, also in their older form."""
    found: list[Part] = [
        _call(mapping(each.get("function")), string(each.get("id")) or f"{own_id}-{number}")
        for number, each in enumerate(mappings(raw.get("tool_calls")))
    ]
    older = mapping(raw.get("function_call"))
    return [*found, _call(older, own_id)] if older else found


def _call(held: dict[str, Any], id_: str) -> Part:
    """A call from its name and arguments."""
    return call(id_, string(held.get("name")), arguments(held.get("arguments")))


def _text(content: Any) -> str:
    """A text, or the texts of a list of parts; others are named."""
    if not isinstance(content, list):
        return string(content)
    return joined(
        string(each) if isinstance(each, str) else _part(mapping(each)) for each in content
    )


def _part(held: dict[str, Any]) -> str:
    kind = string(held.get("type"))
    return string(held.get("text")) if "text" in held else f"[{kind.removesuffix('_url')}]"
