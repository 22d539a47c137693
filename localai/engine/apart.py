"""Work on a context beside the chat's, over the same loaded model, step by step.

The context is made when there is something to do and freed when that is done: it takes
memory, and the chat's cache must not be lost by it. What is done there is `sampling` and
`scoring`; how large it has to be is up to them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from localai.engine.llama import Llama
from localai.errors import EngineError

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

PADDING = 256
"""llama.cpp makes every window a multiple of this."""


class Steps(Protocol[R_co]):
    """What can be done in steps; each gives the results that it completed."""

    @property
    def left(self) -> bool:
        """Whether there is anything to do yet."""
        ...

    def step(self) -> Sequence[R_co]:
        """Do what one decode or two take. After an error it is over."""
        ...

    def close(self) -> None:
        """Free what it holds beside the context."""
        ...


class Apart(Generic[R]):
    """The work that goes on, at most one piece of it."""

    def __init__(self) -> None:
        self._llama: Llama | None = None
        self._steps: Steps[R] | None = None

    @property
    def left(self) -> bool:
        """Whether there is anything to do yet."""
        return self._steps is not None and self._steps.left

    def go_on(self, seconds: float) -> tuple[R, ...]:
        """At least one step, and more for so long; what they completed. Frees the context
        after the last one, and after an error."""
        if self._steps is None:
            raise EngineError("This was interrupted by other work; start it again.")
        found: list[R] = []
        until = time.monotonic() + seconds
        try:
            while self._steps.left:
                found += self._steps.step()
                if time.monotonic() >= until:
                    break
        except Exception:
            self.end()
            raise
        if not self._steps.left:
            self.end()
        return tuple(found)

    def end(self) -> None:
        """Free the context, whatever is left to do."""
        if self._steps is not None:
            self._steps.close()
        if self._llama is not None:
            self._llama.close()
        self._steps = self._llama = None

    def open(self, chat: Llama, window: int, sequences: int, *, streams: bool = False) -> Llama:
        """A context of that size which computes as the chat's does; freed by `end`. Raises
        ModelError, EngineError."""
        options = msgspec.structs.replace(chat.options, n_ctx=window, n_seq_max=sequences)
        self._llama = chat.beside(options, streams=streams)
        try:
            self._llama.attach(chat.adapter, chat.scale)
        except EngineError:
            self.end()
            raise
        return self._llama


def padded(tokens: int) -> int:
    """A window for so many tokens."""
    return -(-tokens // PADDING) * PADDING
