"""What a front end sees of a turn: events beyond those of the engine. Values only."""

from __future__ import annotations

import msgspec

from localai.conversation import Delta, PromptProgress, ToolCall, ToolResult
from localai.store.rows import StoredMessage
from localai.store.tuning import Correction


class UserSaved(msgspec.Struct, frozen=True):
    """The user's message is committed; nothing that follows can lose it."""

    message: StoredMessage


class AnswerStarted(msgspec.Struct, frozen=True):
    """The prompt is sent now. `message.origin` says what is in it; `context` is the model's
    window in tokens."""

    message: StoredMessage
    context: int

    @property
    def dropped(self) -> int:
        """Earlier messages that did not fit and were left out."""
        return self.message.origin.dropped if self.message.origin else 0

    @property
    def prompt_tokens(self) -> int:
        """Length of the prompt."""
        return len(self.message.origin.prompt) if self.message.origin else 0


class AdapterRefused(msgspec.Struct, frozen=True):
    """The active adapter `name` is of no use, so the answer that follows is given by the bare
    model; `error` is the sentence that says why."""

    name: str
    error: str


class Remark(msgspec.Struct, frozen=True):
    """Something the user should know of this turn, in a sentence."""

    text: str


class AnswerFinished(msgspec.Struct, frozen=True):
    """The answer as stored, with its completion. When it holds calls, another one follows
    their results."""

    message: StoredMessage


class CallStarted(msgspec.Struct, frozen=True):
    """A tool runs now."""

    call: ToolCall


class CallFinished(msgspec.Struct, frozen=True):
    """A call has its result, which may be that it could not or must not run."""

    call: ToolCall
    result: ToolResult


class ResultsSaved(msgspec.Struct, frozen=True):
    """The results of an answer's calls as stored, in a message of their own."""

    message: StoredMessage


class Amended(msgspec.Struct, frozen=True):
    """`better` is recorded as the better answer."""

    correction: Correction
    better: StoredMessage


Milestone = (
    UserSaved
    | AdapterRefused
    | Remark
    | AnswerStarted
    | PromptProgress
    | AnswerFinished
    | CallStarted
    | CallFinished
    | ResultsSaved
    | Amended
)
TurnEvent = Milestone | Delta
