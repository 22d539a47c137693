"""What a front end sees of a turn: events beyond those of the engine. Values only."""

from __future__ import annotations

import msgspec

from localai.conversation import Delta, PromptProgress
from localai.store.rows import StoredMessage


class UserSaved(msgspec.Struct, frozen=True):
    """The user's message is committed; nothing that follows can lose it."""

    message: StoredMessage


class AnswerStarted(msgspec.Struct, frozen=True):
    """The prompt was sent. `dropped` earlier messages did not fit and were left out."""

    message: StoredMessage
    dropped: int
    prompt_tokens: int
    context: int


class AnswerFinished(msgspec.Struct, frozen=True):
    """The answer as stored, with its completion."""

    message: StoredMessage


TurnEvent = UserSaved | AnswerStarted | PromptProgress | Delta | AnswerFinished
