"""One generation in the decode loop: its limits, its text, its count of everything.

Knows tokens and text; the loops in `decoder` and `sampling` know the cache and llama.cpp.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence

from localai.conversation import Completion, Delta, Finished, FinishReason, Timings
from localai.engine.base import Request
from localai.engine.prefix import Line
from localai.engine.stream import HIDDEN, PLAIN, SPECIAL, Piece, TextStream
from localai.engine.vocab import VocabTokenizer
from localai.errors import ContextOverflow, EngineError

AFTER_BUDGET = "\n\n"
"""Written after the closing marker when the reasoning budget is spent."""


def room(ids: Sequence[int], n_ctx: int) -> int:
    """How many tokens fit after a prompt into a window of `n_ctx`, at least one.

    Raises ContextOverflow, and EngineError without a prompt.
    """
    if not ids:
        raise EngineError("There is no prompt to go on from; write something first.")
    left = n_ctx - len(ids)
    if left < 1:
        raise ContextOverflow(
            f"The prompt has {len(ids)} tokens and the context window {n_ctx}; "
            "shorten it, or set a larger engine.context."
        )
    return left


class Slot:
    """A request while it runs in `line`. `finish` says why it has ended.

    `end_ids` end it and are no part of it; `room` is how many tokens the window still
    has for it; `cached` counts the prompt tokens that were in the cache already.
    """

    def __init__(
        self,
        request: Request,
        line: Line,
        tokenizer: VocabTokenizer,
        end_ids: frozenset[int],
        room: int,
    ) -> None:
        self.request, self.line, self._tokenizer = request, line, tokenizer
        self.stream = TextStream(request.stop, request.reasoning)
        self.finish: FinishReason | None = None
        self.cached = 0
        self.end_ids = end_ids
        self._limit = min(room, request.max_tokens) if request.max_tokens else room
        self._ids: list[int] = []
        self._silent = self._reasoned = 0
        self._forced: deque[int] = deque()
        self._asked = self._read = time.perf_counter()
        self._first = 0.0
        self._close_over_budget()

    def prompt_read(self) -> None:
        """The prompt is in the cache."""
        self._read = time.perf_counter()

    @property
    def ids(self) -> Sequence[int]:
        """The tokens so far."""
        return self._ids

    @property
    def last(self) -> int:
        """The token to decode next."""
        return self._ids[-1]

    def forced(self) -> int | None:
        """The next token where the engine has to write it itself."""
        return self._forced.popleft() if self._forced else None

    def accept(self, token: int) -> list[Delta]:
        """Take in the next token; afterwards `finish` may be set."""
        self._first = self._first or time.perf_counter()
        if token in self.end_ids:
            self.finish = "stop"
            return []
        self._ids.append(token)
        self._silent += 1
        before = self.stream.inside
        pieces = self.stream.feed(self._tokenizer.piece_bytes(token), self._look(token))
        self._reasoned += before and self.stream.inside
        if self.stream.stopped:
            self.finish = "stop"
        elif len(self._ids) >= self._limit:
            self.finish = "length"
        else:
            self._close_over_budget()
        return self._deltas(pieces)

    def close(self, finish: FinishReason) -> Iterator[Delta | Finished]:
        """What was held back, and how it ended."""
        yield from self._deltas(self.stream.end())
        ended = time.perf_counter()
        first = self._first or ended
        yield Finished(
            Completion(
                finish_reason=finish,
                prompt_tokens=len(self.request.ids),
                cached_tokens=self.cached,
                generated_tokens=len(self._ids),
                reasoning_tokens=self._reasoned,
                timings=Timings(
                    prompt_ms=1000 * (self._read - self._asked),
                    first_token_ms=1000 * (first - self._asked),
                    generate_ms=1000 * (ended - first) if self._ids else 0.0,
                ),
                ids=self._kept(),
                vocab=self._tokenizer.vocab_hash,
            )
        )

    def _look(self, token: int) -> str:
        if self._tokenizer.is_control(token):
            piece = self._tokenizer.piece(token)
            shown = any(piece in marker for marker in self.request.visible)
            return SPECIAL if shown else HIDDEN
        return SPECIAL if self._tokenizer.is_marker(token) else PLAIN

    def _deltas(self, pieces: list[Piece]) -> list[Delta]:
        """Pieces as events; the first one carries all tokens since the last event."""
        deltas = []
        for kind, text in pieces:
            deltas.append(Delta(text, kind, self._silent))
            self._silent = 0
        return deltas

    def _close_over_budget(self) -> None:
        """Queue the end of reasoning when it has had all the tokens it may have."""
        rule = self.request.reasoning
        if rule is None or rule.budget is None or not self.stream.inside or self._forced:
            return
        if self._reasoned >= rule.budget:
            text = f"{rule.close}{AFTER_BUDGET}"
            self._forced.extend(self._tokenizer.tokenize(text, special=True))

    def _kept(self) -> tuple[int, ...]:
        """The sampled ids without those of a stop string."""
        if not self.stream.stopped:
            return tuple(self._ids)
        kept, size = 0, 0
        for id in self._ids:
            size += len(self._tokenizer.piece_bytes(id))
            if size > self.stream.kept:
                break
            kept += 1
        return tuple(self._ids[:kept])
