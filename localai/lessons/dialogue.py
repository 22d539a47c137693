"""A dialogue as text that a person writes in an editor, and back.

Headings say who speaks ("## User", "## Assistant"); in an answer a fence ```think``` holds
reasoning and a fence ```call``` a call as JSON; "## Tool" is the result of the call before it.
Other Markdown is what is said. Reading follows the Markdown that can be imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from localai.conversation import (
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    system,
    title,
    user,
)
from localai.errors import UsageError
from localai.port import markdown_reading
from localai.sanitize import clean

TEMPLATE = "## User\n\n\n\n## Assistant\n\n\n"
"""What an editor shows for a new dialogue."""

_NAMES = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}
_BLOCK = re.compile(r"^```(think|call)\n(.*?)\n?^```$\n?", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(\\*)(##? )", re.MULTILINE)
_ESCAPED = re.compile(r"^\\(\\*##? )", re.MULTILINE)


class Dialogue(msgspec.Struct, frozen=True):
    """Turns under a system text, "" for none."""

    system: str
    messages: tuple[Message, ...]


def write(dialogue: Dialogue) -> str:
    """The text of a dialogue. Raises UsageError for one that could not be read back as it is."""
    head = (system(dialogue.system),) if dialogue.system else ()
    text = "".join(
        f"## {_NAMES[message.role]}\n\n{body}\n\n"
        for message in (*head, *dialogue.messages)
        for body in _bodies(message)
    )
    if _plain(read(text)) != _plain(dialogue):
        raise UsageError(
            "This dialogue cannot be edited as text, because its turns could not be told apart "
            "again; write a new one: localai data new"
        )
    return text


def read(text: str) -> Dialogue:
    """The dialogue that somebody wrote. Raises UsageError, saying what is missing."""
    before, turns = markdown_reading.dialogue(text)
    if not turns:
        raise UsageError(
            'No heading says who speaks; begin with a line "## User", then "## Assistant".'
        )
    if before:
        raise UsageError(
            f'Nobody says "{title(clean(before))}", which stands before the first heading; '
            'put a line "## User" or "## System" above it, or take it out.'
        )
    headed = turns[0]["role"] == "system"
    head = turns[0]["content"] if headed else ""
    messages: list[Message] = []
    for turn in turns[headed:]:
        messages.append(_message(turn["role"], _ESCAPED.sub(r"\1", turn["content"]), messages))
    return Dialogue(_ESCAPED.sub(r"\1", head), tuple(messages))


def _bodies(message: Message) -> Iterator[str]:
    """What stands under the headings of a message: one heading for each result of a tool."""
    if message.results:
        yield from (_escaped(result.text) for result in message.results)
        return
    parts = [f"```think\n{message.reasoning}\n```"] if message.reasoning else []
    parts += [_escaped(message.text)] if message.text else []
    for call in message.calls:
        given = {"name": call.name, "arguments": call.arguments}
        parts.append(f"```call\n{msgspec.json.encode(given).decode()}\n```")
    yield "\n\n".join(parts)


def _escaped(text: str) -> str:
    return _HEADING.sub(r"\\\1\2", text)


def _message(role: str, content: str, before: Sequence[Message]) -> Message:
    if role == "user":
        return user(content)
    if role == "tool":
        return Message("tool", (ToolResult(_call_for(before), content),))
    if role == "system":
        raise UsageError('"## System" can only stand at the beginning of a dialogue.')
    blocks = _BLOCK.findall(content)
    parts: list[Part] = [Reasoning(body) for kind, body in blocks if kind == "think"]
    rest = _BLOCK.sub("", content).strip()
    parts += [Text(rest)] if rest or not blocks else []
    calls = [body for kind, body in blocks if kind == "call"]
    count = sum(len(message.calls) for message in before)
    parts += [_call(body, count + at) for at, body in enumerate(calls, start=1)]
    return Message("assistant", tuple(parts))


def _call(body: str, number: int) -> ToolCall:
    """A call as written. Raises UsageError."""
    try:
        given: dict[str, Any] = msgspec.json.decode(body, type=dict)
        return ToolCall(
            f"call{number:05d}",
            msgspec.convert(given.get("name"), str),
            msgspec.convert(given.get("arguments", {}), dict[str, Any]),
        )
    except msgspec.MsgspecError as error:
        raise UsageError(
            'A call is written as {"name": "calculator", "arguments": {"expression": "2*3"}}; '
            f"this one cannot be read ({error})."
        ) from error


def _call_for(before: Sequence[Message]) -> str:
    """The id of the first call that has no result yet. Raises UsageError."""
    answered = {result.call_id for message in before for result in message.results}
    for message in before:
        for call in message.calls:
            if call.id not in answered:
                return call.id
    raise UsageError('"## Tool" stands after a call; write the call into the answer before it.')


def _plain(dialogue: Dialogue) -> tuple[str, tuple[object, ...]]:
    """What is said, without ids and blanks around it."""
    said: list[object] = []
    for message in dialogue.messages:
        calls = [(call.name, call.arguments) for call in message.calls]
        if message.results:
            said += [("tool", result.text.strip()) for result in message.results]
        else:
            said.append((message.role, message.text.strip(), message.reasoning.strip(), calls))
    return dialogue.system.strip(), tuple(said)
