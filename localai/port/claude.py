"""Claude exports: `conversations.json`, a list of messages with parents or in order.

An answer with tools becomes what it is here: a call, its result, and the text after it.
Text that was taken out of an attachment stays with its name; other files are named only.
"""

from __future__ import annotations

from typing import Any

from localai.conversation import Message, Part, Reasoning, Text, ToolResult
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
    texts,
)
from localai.store.drafts import Draft

_ABOVE_ALL = "00000000-"
"""How the id begins that first messages have as their parent."""


def read(record: dict[str, Any], now: float) -> Draft:
    """A conversation of the export. Raises Unreadable."""
    if not isinstance(record.get("chat_messages"), list):
        raise Unreadable("its chat_messages are no list")
    created = moment(record.get("created_at"), now)
    tree = Tree(created)
    places: dict[str, int] = {}
    for raw in mappings(record["chat_messages"]):
        above = string(raw.get("parent_message_uuid"))
        # Where nobody has a parent, and where links are broken, each follows the one before it.
        parent = -1 if above.startswith(_ABOVE_ALL) else places.get(above, tree.last)
        when = moment(raw.get("created_at"), created)
        for message in _messages(raw, tree):
            parent = tree.add(message, parent, when)
        places[string(raw.get("uuid"))] = parent
    name = string(record.get("uuid"))
    return tree.draft(
        title=string(record.get("name")),
        identity=f"claude:{name}" if name else "",
        leaf=places.get(string(record.get("current_leaf_message_uuid"))),
        updated=moment(record.get("updated_at"), created),
    )


def _messages(raw: dict[str, Any], tree: Tree) -> list[Message]:
    """The messages in our form that one of the export is; none for an empty one."""
    attached = _attachments(raw)
    blocks = mappings(raw.get("content"))
    if raw.get("sender") == "human":
        typed = joined(string(block.get("text")) for block in blocks)
        whole = joined((typed or string(raw.get("text")), *attached))
        return [texts("user", whole)] if whole else []
    if raw.get("sender") != "assistant":
        tree.left_out.append("messages of an unknown sender")
        return []
    found = _answer(blocks, string(raw.get("uuid")))
    if not any(message.text for message in found) and string(raw.get("text")):
        found.append(texts("assistant", string(raw.get("text"))))
    if attached:
        found.append(texts("assistant", joined(attached)))
    return found


def _answer(blocks: list[dict[str, Any]], name: str) -> list[Message]:
    """An answer's blocks; each result of a tool ends one message and begins another."""
    found: list[Message] = []
    parts: list[Part] = []
    calls = 0
    for block in blocks:
        kind = block.get("type")
        if kind == "tool_result":
            found += [said("assistant", *_merged(parts))] if parts else []
            parts = []
            answers = string(block.get("tool_use_id")) or f"{name}-{calls}"
            text = _text(block.get("content"))
            result = ToolResult(answers, text, ok=block.get("is_error") is not True, untrusted=True)
            found.append(said("tool", result))
        elif kind == "tool_use":
            calls += 1
            own = string(block.get("id")) or f"{name}-{calls}"
            parts.append(call(own, string(block.get("name")), arguments(block.get("input"))))
        elif kind == "thinking" and string(block.get("thinking")):
            parts.append(Reasoning(string(block.get("thinking"))))
        elif string(block.get("text")):
            parts.append(Text(string(block.get("text"))))
    return [*found, said("assistant", *_merged(parts))] if parts else found


def _merged(parts: list[Part]) -> list[Part]:
    """With one empty line between texts that follow each other."""
    made: list[Part] = []
    for part in parts:
        if made and isinstance(part, Text) and isinstance(made[-1], Text):
            made[-1] = Text(f"{made[-1].text}\n\n{part.text}")
        else:
            made.append(part)
    return made


def _text(content: Any) -> str:
    """What a tool returned."""
    if isinstance(content, list):
        return joined(string(block.get("text")) for block in mappings(content))
    return string(content)


def _attachments(raw: dict[str, Any]) -> list[str]:
    """Attachments by name, with what was read out of them."""
    listed = mappings(raw.get("attachments")) + mappings(raw.get("files"))
    found: dict[str, str] = {}
    for each in listed:
        name = string(mapping(each).get("file_name")) or "without a name"
        found[name] = found.get(name) or string(each.get("extracted_content"))
    return [joined((f"[attachment: {name}]", text), "\n") for name, text in found.items()]
