"""What the store returns: conversations and messages as they were recorded. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from localai.conversation import Completion, Message, Role

Status = Literal["streaming", "done", "cancelled", "interrupted", "failed"]


class Conversation(msgspec.Struct, frozen=True):
    """A conversation in a list. `leaf` is the message it goes on from, "" when empty; `fork`
    the last of those that a fork shares with where it was forked, "" when it began by itself.

    Times are Unix seconds. `messages` counts those on the path to the leaf.
    """

    id: str
    title: str
    system: str
    leaf: str
    created: float
    updated: float
    messages: int = 0
    deleted: bool = False
    fork: str = ""

    @property
    def short_id(self) -> str:
        """The end of the id, which is random: enough to find the conversation by."""
        return self.id[-8:].lower()


class Origin(msgspec.Struct, frozen=True):
    """What produced an answer: model and adapter, the prompt's ids, sampling and style, the
    names of the tools that were offered, the ids of the corrections that were shown.

    `dropped` messages of the path were left out of the prompt for lack of room.
    `prompt` holds the exact prompt ids as sent.
    """

    model: str
    model_path: str = ""
    adapter: str = ""
    vocab: str = ""
    sampling: dict[str, float | int | str | None] = {}
    style: str = "direct"
    prompt: tuple[int, ...] = ()
    dropped: int = 0
    tools: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class StoredMessage(msgspec.Struct, frozen=True):
    """A message in its place: `parent` is "" at the root.

    `siblings` are the ids of all messages with the same parent and role that belong to the
    conversation, oldest first, this one included. `origin` and `completion` belong to answers only.
    """

    id: str
    conversation: str
    parent: str
    message: Message
    status: Status
    created: float
    origin: Origin | None = None
    completion: Completion | None = None
    error: str = ""
    siblings: tuple[str, ...] = ()


def last_question(path: Sequence[StoredMessage]) -> StoredMessage | None:
    """What was asked last on a path, None where nothing was."""
    return next((row for row in reversed(path) if row.message.role == "user"), None)


class Hit(msgspec.Struct, frozen=True):
    """A message that a search found. `pieces` is its text, or a stretch around the match:
    (text, True where it matched)."""

    conversation: str
    title: str
    message: str
    role: Role
    created: float
    pieces: tuple[tuple[str, bool], ...]

    @property
    def snippet(self) -> str:
        """`pieces` without the marks."""
        return "".join(text for text, _ in self.pieces)
