"""What a single message of a ChatGPT export says: its many kinds of content, in our parts.

Pictures and files are named, not brought along. Marks that only its own screen understands
(citations) are taken out.
"""

from __future__ import annotations

import re
from typing import Any

from localai.conversation import Message, Part, Reasoning, Text, ToolResult
from localai.port.values import arguments, call, joined, mapping, mappings, said, string, texts

_MARKS = re.compile("\ue200[^\ue201]*\ue201|[\ue200-\ue206]|\u3010[^\u3011]*\u2020[^\u3011]*\u3011")
_FIELDS = ("text", "result", "content")


def is_instructions(message: dict[str, Any]) -> bool:
    """True for what the user told the model about all conversations."""
    return mapping(message.get("content")).get("content_type") == "user_editable_context"


def instructions(message: dict[str, Any]) -> str:
    """What the user told the model about all conversations, as one text."""
    held = mapping(message.get("content"))
    return joined(string(held.get(name)) for name in ("user_profile", "user_instructions"))


def text(message: dict[str, Any]) -> str:
    """Everything in a message that is for readers."""
    held = mapping(message.get("content"))
    pieces = [_piece(part) for part in held["parts"]] if _has_parts(held) else []
    pieces += [string(held.get(name)) for name in _FIELDS]
    return _MARKS.sub("", joined(pieces)).strip("\n")


def message(key: str, raw: dict[str, Any], call_id: str) -> Message | None:
    """The message in our form; None when it says nothing or nobody known said it.

    `call_id` is the call that it answers if it is a tool's.
    """
    role = mapping(raw.get("author")).get("role")
    whole = joined((text(raw), *_attachments(raw)))
    if role == "user" or role == "system":
        return texts(role, whole) if whole else None
    if role == "tool":
        return said("tool", ToolResult(call_id, whole, untrusted=True)) if whole else None
    if role != "assistant":
        return None
    parts = _answer(key, raw, whole)
    return said("assistant", *parts) if parts else None


def _answer(key: str, raw: dict[str, Any], whole: str) -> list[Part]:
    """What an assistant wrote: a thought, a call, or a text."""
    held = mapping(raw.get("content"))
    if held.get("content_type") == "reasoning_recap":
        return []
    if held.get("content_type") == "thoughts":
        thoughts = joined(_thought(each) for each in mappings(held.get("thoughts")))
        return [Reasoning(thoughts)] if thoughts else []
    name = string(raw.get("recipient")) or "all"
    if name != "all":
        return [call(key, name, arguments(whole))] if whole else []
    return [Text(whole)] if whole else []


def _thought(each: dict[str, Any]) -> str:
    return joined((string(each.get("summary")), string(each.get("content"))), "\n")


def _has_parts(held: dict[str, Any]) -> bool:
    return isinstance(held.get("parts"), list)


def _piece(part: Any) -> str:
    """A part of a message: a text, or what stands for a picture or a sound."""
    if isinstance(part, str):
        return string(part)
    held = mapping(part)
    kind = string(held.get("content_type"))
    if "text" in held:
        return string(held.get("text"))
    return f"[{kind.partition('_asset')[0].replace('_', ' ') or 'attachment'}]" if held else ""


def _attachments(raw: dict[str, Any]) -> list[str]:
    listed = mappings(mapping(raw.get("metadata")).get("attachments"))
    return [f"[attachment: {string(each.get('name')) or 'without a name'}]" for each in listed]
