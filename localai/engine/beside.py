"""Base and tuned, or two adapters, side by side from one loaded model.

    with beside(engine, adapter) as tuned:
        engine.generate(request)  # by what is in force
        tuned.generate(request)  # by the adapter

Nothing is swapped and nothing is loaded twice, so the two can take turns at every question.
One generation at a time, as ever.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress

import msgspec

from localai.conversation import Event, Message
from localai.engine.base import (
    AdapterFile,
    Beside,
    Engine,
    Rendered,
    RenderOptions,
    Request,
    TokenProbability,
)
from localai.errors import EngineError


class View:
    """An engine's model as it answers by another adapter; implements `base.Side`.

    After a crash of the engine the next request has it all there again.
    """

    def __init__(self, engine: Engine, beside: Beside) -> None:
        self._engine, self._beside = engine, beside

    def render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
        """As the engine does."""
        return self._engine.render(messages, options)

    def tokenize(self, text: str) -> tuple[int, ...]:
        """As the engine does."""
        return self._engine.tokenize(text)

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        """As the engine does."""
        return self._engine.pieces(ids)

    def generate(self, request: Request) -> Generator[Event, None, None]:
        """Events of one generation, by the adapter."""
        return self._engine.generate(msgspec.structs.replace(request, beside=self._beside))

    def probabilities(self, ids: Sequence[int], start: int) -> tuple[TokenProbability, ...]:
        """How probable each token from `start` on is to the adapter."""
        return self._engine.probabilities(ids, start, self._beside)


@contextmanager
def beside(engine: Engine, adapter: AdapterFile, n_ctx: int = 0) -> Iterator[View]:
    """The engine's model with this adapter, beside what is in force; freed afterwards.

    `n_ctx` is its window in tokens (0: as large as the engine's). Raises AdapterError for
    an adapter that cannot be used, ModelError where memory is short.
    """
    wanted = Beside(adapter, n_ctx)
    engine.use_beside(wanted)
    try:
        yield View(engine, wanted)
    finally:
        with suppress(EngineError):  # whatever ended the engine has freed it, too
            engine.free_beside()
