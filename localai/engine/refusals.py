"""What cannot be done, on its way through the pipe: an error here, an error there.

Only what the child itself says; how a child's death is told is in `deaths`.
"""

from __future__ import annotations

from localai.engine import frames
from localai.errors import AdapterError, ContextOverflow, EngineError, LocalaiError, ModelError

KINDS: dict[frames.Refusal, type[LocalaiError]] = {
    "adapter": AdapterError,  # before what it is a kind of
    "model": ModelError,
    "overflow": ContextOverflow,
    "engine": EngineError,
}


def failed(number: int, error: LocalaiError) -> frames.Failed:
    """The answer to command `number` that carries an error; of an unusual kind, as "engine"."""
    kinds = (kind for kind, error_class in KINDS.items() if isinstance(error, error_class))
    return frames.Failed(number, next(kinds, "engine"), str(error))


def error_of(answer: frames.Failed) -> LocalaiError:
    """The error that an answer carries."""
    return KINDS[answer.refusal](answer.message)
