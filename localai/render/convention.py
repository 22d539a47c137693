"""Messages in the convention of chat templates: dicts with role, content, tool_calls.

Also the ways to say the same conversation to a template that refuses it as it is: no
system role, strictly alternating turns, no tool role, short call ids. Nothing is ever
left out; a template that silently ignores a part is not second-guessed here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from localai.conversation import Message, Reasoning, Role, Text, ToolCall, ToolResult
from localai.render.layout import Kind
from localai.tools.parse import inline

Leaf = Callable[[int, Kind, str], str]
Piece = tuple[int, Kind, str]
"""A content of message number `turn`, before it becomes part of a dict."""


@dataclass(frozen=True)
class Style:
    """How a template wants values: tool arguments as JSON text or object, contents as a
    list of parts or a string, reasoning under which key, an absent tool list as None."""

    arguments_as_text: bool = False
    content_parts: bool = False
    reasoning_key: str = "reasoning_content"
    tools_none: bool = True


@dataclass(frozen=True)
class Turn:
    """A message on its way to a template. `pieces` are its contents, joined by `joint`."""

    role: Role
    pieces: tuple[Piece, ...]
    reasoning: Piece | None = None
    calls: tuple[tuple[int, ToolCall], ...] = ()
    call_id: str = ""
    name: str = ""


Turns = tuple[Turn, ...]


def turns(messages: Sequence[Message]) -> Turns:
    """One turn for each message, one for each tool result of a tool message."""
    names: dict[str, str] = {}
    made: list[Turn] = []
    for index, message in enumerate(messages):
        calls = tuple((index, part) for part in message.parts if isinstance(part, ToolCall))
        names.update((call.id, call.name) for _, call in calls)
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        for result in results:
            piece: Piece = (index, "tool", result.text)
            name = names.get(result.call_id, "")
            made.append(Turn("tool", (piece,), call_id=result.call_id, name=name))
        if results and not any(isinstance(p, Text | Reasoning | ToolCall) for p in message.parts):
            continue
        kind: Kind = "text" if message.role == "assistant" else message.role
        reasoning: Piece | None = None
        if message.reasoning:
            reasoning = (index, "reasoning", message.reasoning)
        made.append(Turn(message.role, ((index, kind, message.text),), reasoning, calls))
    return tuple(made)


def everywhere(given: Turns, change: Callable[[str], str]) -> Turns:
    """The turns with every string in them changed: contents, names, ids, keys."""

    def piece(old: Piece) -> Piece:
        return (old[0], old[1], change(old[2]))

    def call(old: ToolCall) -> ToolCall:
        return ToolCall(change(old.id), change(old.name), mapped(old.arguments, change, keys=True))

    return tuple(
        Turn(
            turn.role,
            tuple(piece(old) for old in turn.pieces),
            piece(turn.reasoning) if turn.reasoning else None,
            tuple((index, call(old)) for index, old in turn.calls),
            change(turn.call_id),
            change(turn.name),
        )
        for turn in given
    )


def mapped(value: Any, change: Callable[[str], str], keys: bool = False) -> Any:
    """A JSON value with its strings changed, those that are keys only if asked."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {
            change(key) if keys else key: mapped(item, change, keys) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [mapped(item, change, keys) for item in value]
    return value


def short_ids(given: Turns) -> Turns:
    """Call ids of nine letters and digits, which some templates insist on."""
    short: dict[str, str] = {}

    def renamed(call_id: str) -> str:
        return short.setdefault(call_id, f"call{len(short) + 1:05d}")

    return tuple(
        replace(
            turn,
            calls=tuple((i, ToolCall(renamed(c.id), c.name, c.arguments)) for i, c in turn.calls),
            call_id=renamed(turn.call_id) if turn.call_id else "",
        )
        for turn in given
    )


def without_system(given: Turns) -> Turns:
    """System messages as the beginning of the user message that follows."""
    made: list[Turn] = []
    waiting: tuple[Piece, ...] = ()
    for turn in given:
        if turn.role == "system":
            waiting += tuple(piece for piece in turn.pieces if piece[2].strip())
        elif turn.role == "user" and waiting:
            made.append(replace(turn, pieces=waiting + turn.pieces))
            waiting = ()
        else:
            if waiting and turn.role == "assistant":
                made.append(Turn("user", waiting))
                waiting = ()
            made.append(turn)
    return tuple([*made, Turn("user", waiting)] if waiting else made)


def without_tools(given: Turns) -> Turns:
    """Tool calls as text of the answer, in this project's own format; the results that follow
    as one user message."""
    made: list[Turn] = []
    after_result = False
    for turn in given:
        if turn.role == "tool":
            index, kind, text = turn.pieces[0]
            result: Piece = (index, kind, f"Result of {turn.name}:\n{text}")
            if after_result:
                made[-1] = replace(made[-1], pieces=(*made[-1].pieces, result))
            else:
                made.append(Turn("user", (result,)))
        else:
            written: tuple[Piece, ...] = tuple(
                (i, "call", inline.written(c)) for i, c in turn.calls
            )
            kept = tuple(piece for piece in turn.pieces if piece[2] or not written)
            made.append(replace(turn, pieces=kept + written, calls=()))
        after_result = turn.role == "tool"
    return tuple(made)


def alternating(given: Turns) -> Turns:
    """User and assistant strictly in turn: neighbours of one role joined, user first."""
    made: list[Turn] = []
    for turn in given:
        before = made[-1] if made else None
        if turn.role == "assistant" and (before is None or before.role == "system"):
            made.append(Turn("user", ((-1, "user", ""),)))
        elif before is not None and before.role == turn.role and turn.role != "tool":
            made[-1] = replace(
                before,
                pieces=before.pieces + turn.pieces,
                reasoning=turn.reasoning or before.reasoning,
                calls=before.calls + turn.calls,
            )
            continue
        made.append(turn)
    return tuple(made)


WAYS: tuple[tuple[Callable[[Turns], Turns], ...], ...] = (
    (),
    (short_ids,),
    (without_system,),
    (short_ids, without_system),
    (alternating,),
    (without_system, alternating),
    (without_tools, without_system, alternating),
)
"""What is tried, in order, until a template accepts the conversation."""


def dicts(given: Turns, style: Style, leaf: Leaf) -> list[dict[str, Any]]:
    """The turns as a template reads them, every content passed through `leaf`."""
    made: list[dict[str, Any]] = []
    for turn in given:
        content = "\n\n".join(leaf(*piece) for piece in turn.pieces)
        whole: Any = [{"type": "text", "text": content}] if style.content_parts else content
        entry: dict[str, Any] = {"role": turn.role, "content": whole}
        if turn.reasoning is not None:
            entry[style.reasoning_key] = leaf(*turn.reasoning)
        if turn.calls:
            entry["tool_calls"] = [_call(index, call, style, leaf) for index, call in turn.calls]
        if turn.role == "tool":
            entry |= {"tool_call_id": turn.call_id, "name": turn.name}
        made.append(entry)
    return made


def _call(index: int, call: ToolCall, style: Style, leaf: Leaf) -> dict[str, Any]:
    arguments: Any = mapped(call.arguments, lambda text: leaf(index, "call", text))
    if style.arguments_as_text:
        arguments = json.dumps(arguments, ensure_ascii=False)
    function = {"name": leaf(index, "call", call.name), "arguments": arguments}
    return {"type": "function", "id": call.id, "function": function}
