"""Looking at an answer afterwards: what was sent for it, what was sampled, how likely that was."""

from __future__ import annotations

import msgspec

from localai.catalog import ModelEntry
from localai.chat.adapters import prepare
from localai.engine.base import Engine, TokenProbability
from localai.errors import UsageError
from localai.store.rows import StoredMessage
from localai.store.store import Store


class Inspection(msgspec.Struct, frozen=True):
    """An answer with the exact prompt it came from, one string a token.

    `prompt` and `sampled` are empty when the answer came from another model than the one
    in use, whose tokens cannot be read back.
    """

    answer: StoredMessage
    prompt: tuple[str, ...]
    sampled: tuple[str, ...]


def inspect(store: Store, engine: Engine, answer_id: str) -> Inspection:
    """What was sent to the model for an answer, and what it sampled."""
    answer = store.message(answer_id)
    info = engine.load()
    if answer.origin is None or answer.origin.vocab != info.vocab_hash:
        return Inspection(answer, (), ())
    prompt, sampled = answer.origin.prompt, answer.message.ids
    return Inspection(answer, engine.pieces(prompt), engine.pieces(sampled))


def probabilities(
    store: Store, engine: Engine, entry: ModelEntry, answer_id: str
) -> tuple[TokenProbability, ...]:
    """How probable each sampled token of an answer is to the model in use.

    Raises UsageError when another model gave it.
    """
    answer = store.message(answer_id)
    info = prepare(engine, store, entry).info
    if answer.origin is None or answer.origin.vocab != info.vocab_hash:
        raise UsageError("This answer came from another model; switch to it and look again.")
    prompt = answer.origin.prompt
    return engine.probabilities((*prompt, *answer.message.ids), len(prompt))
