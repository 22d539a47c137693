"""Small things that every format needs: texts, times, and a tree that grows node by node."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from localai.conversation import Message, Part, Role, Text, ToolCall
from localai.moments import LATEST, sane
from localai.port.decoding import decode
from localai.store.drafts import Draft, Node

TITLE = 60
"""Characters of a title that is made from the first message."""
LONGEST_TITLE = 200
DEEPEST = 50
"""Levels of arguments inside each other."""


class Unreadable(Exception):
    """A record is not what its form promises; the message says what is wrong with it."""


class Tree:
    """A draft in the making. Nodes are known by their index, -1 is above the first one."""

    def __init__(self, moment: float) -> None:
        self.nodes: list[Node] = []
        self.left_out: list[str] = []
        self.system = ""
        self.last = -1
        self._moment = moment

    def add(self, message: Message, parent: int, created: float = 0.0, model: str = "") -> int:
        """Add a message under `parent`; its index."""
        self.nodes.append(Node(parent, message, created or self._moment, model))
        self.last = len(self.nodes) - 1
        return self.last

    def draft(
        self, *, title: str, identity: str = "", leaf: int | None = None, updated: float = 0.0
    ) -> Draft:
        """What has grown; it goes on from the last node unless told otherwise."""
        return Draft(
            title[:LONGEST_TITLE] or self._title(),
            self.system,
            self._moment,
            max(updated, self._moment),
            tuple(self.nodes),
            self.last if leaf is None else leaf,
            identity,
            tuple(self.left_out),
        )

    def _title(self) -> str:
        texts = (node.message.text.strip() for node in self.nodes if node.message.role == "user")
        first = next((text for text in texts if text), "")
        return first.splitlines()[0][:TITLE] if first else ""


def said(role: Role, *parts: Part) -> Message:
    """A message from elsewhere: history, nothing to learn from."""
    return Message(role, parts, learn=False)


def texts(role: Role, text: str) -> Message:
    """A message that is one text."""
    return said(role, Text(text))


def call(id_: str, name: str, given: dict[str, Any]) -> ToolCall:
    """A call that can be stored. Raises Unreadable for arguments that are nested too deeply."""
    check_depth(given)
    return ToolCall(id_, name, given)


def check_depth(given: dict[str, Any]) -> None:
    """Raise Unreadable for arguments that are nested too deeply."""
    level: list[Any] = [given]
    for _ in range(DEEPEST):
        inner = [each.values() if isinstance(each, dict) else each for each in level]
        level = [v for held in inner for v in held if isinstance(v, dict | list)]
    if level:
        raise Unreadable("the arguments of a call are nested too deeply")


def arguments(given: Any) -> dict[str, Any]:
    """The arguments of a call: a JSON object, also one in a text; other texts as `input`."""
    if isinstance(given, dict):
        return given
    try:
        found = decode(string(given).encode())
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    return {"input": string(given)} if given else {}


def string(value: Any) -> str:
    """A text that can be stored; "" for what is none."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "\ufffd") if "\0" in value else value


def joined(pieces: Iterable[str], mark: str = "\n\n") -> str:
    """What is not empty of the pieces, with `mark` between."""
    return mark.join(piece for piece in pieces if piece)


def moment(value: Any, default: float) -> float:
    """Unix seconds of a number (seconds or milliseconds) or an ISO 8601 text."""
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
            value = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e15:
        return default
    seconds = value / 1000 if value > LATEST else float(value)
    return seconds if sane(seconds) else default


def mappings(value: Any) -> list[dict[str, Any]]:
    """The JSON objects of a list; none of what is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}
