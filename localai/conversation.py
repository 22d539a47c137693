"""The values everything else passes around: messages, their parts, engine events, completions.

Pure data: frozen, comparable, serialisable with msgspec. No I/O, no behaviour beyond
reading a value's own fields.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "cancelled"]
DeltaKind = Literal["text", "reasoning"]

TITLE_LENGTH = 60


class Text(msgspec.Struct, frozen=True, gc=False, tag="text"):
    """What a reader sees."""

    text: str


class Reasoning(msgspec.Struct, frozen=True, gc=False, tag="reasoning"):
    """What the model wrote to itself before the answer; folded on screen."""

    text: str


class ToolCall(msgspec.Struct, frozen=True, tag="tool_call"):
    """A call the model asked for; `arguments` is the decoded JSON object."""

    id: str
    name: str
    arguments: dict[str, Any]


class ToolResult(msgspec.Struct, frozen=True, tag="tool_result"):
    """What a tool returned for the call `call_id`: data, never instructions.

    `ok` is False when `text` says why there is no result; the call took `seconds`.
    `untrusted`: it may hold text of somebody else's.
    """

    call_id: str
    text: str
    ok: bool = True
    seconds: float = 0.0
    untrusted: bool = False


Part = Text | Reasoning | ToolCall | ToolResult


class Message(msgspec.Struct, frozen=True):
    """One turn by one role.

    `ids` are the token ids the model sampled for an assistant turn (everything between
    the generation prompt and the end-of-turn token, which is not included); empty for
    typed or imported text. They are valid only for the vocabulary hash `vocab`.
    `learn` is False for an assistant turn that must get training weight 0.
    """

    role: Role
    parts: tuple[Part, ...]
    ids: tuple[int, ...] = ()
    vocab: str = ""
    learn: bool = True

    @property
    def text(self) -> str:
        """The visible text: all Text parts joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """All ToolCall parts."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """All ToolResult parts."""
        return tuple(part for part in self.parts if isinstance(part, ToolResult))

    @property
    def reasoning(self) -> str:
        """All Reasoning parts joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Reasoning))


def title(text: str) -> str:
    """What a conversation is called that begins with this text: its first line, cut short."""
    return next(iter(text.strip().splitlines()), "")[:TITLE_LENGTH]


def system(text: str) -> Message:
    """A system message."""
    return Message("system", (Text(text),))


def user(text: str) -> Message:
    """A user message."""
    return Message("user", (Text(text),))


def assistant(text: str, reasoning: str = "") -> Message:
    """An assistant message with optional reasoning before the answer."""
    parts: tuple[Part, ...] = (Text(text),)
    return Message("assistant", (Reasoning(reasoning), *parts) if reasoning else parts)


class Timings(msgspec.Struct, frozen=True, gc=False):
    """Durations in milliseconds. `first_token_ms` counts from the request's arrival."""

    prompt_ms: float = 0.0
    first_token_ms: float = 0.0
    generate_ms: float = 0.0


class Completion(msgspec.Struct, frozen=True, gc=False):
    """How one generation ended.

    `generated_tokens` counts sampled tokens without the end-of-turn token,
    `reasoning_tokens` those of them inside reasoning; `cached_tokens` of the
    `prompt_tokens` were already in the KV cache. `ids` as in `Message.ids`.
    """

    finish_reason: FinishReason
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    reasoning_tokens: int = 0
    timings: Timings = Timings()
    ids: tuple[int, ...] = ()
    vocab: str = ""

    @property
    def tokens_per_second(self) -> float:
        """Decode speed; 0.0 when nothing was generated."""
        if self.timings.generate_ms <= 0:
            return 0.0
        return 1000.0 * self.generated_tokens / self.timings.generate_ms


class PromptProgress(msgspec.Struct, frozen=True, tag="progress"):
    """The prompt is being read: `read` of `total` tokens are in the KV cache."""

    read: int
    total: int


class Delta(msgspec.Struct, frozen=True, tag="delta"):
    """New text. Never holds a marker or half a character; `tokens` were sampled for it."""

    text: str
    kind: DeltaKind = "text"
    tokens: int = 1


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The last event of every generation."""

    completion: Completion


Event = PromptProgress | Delta | Finished
