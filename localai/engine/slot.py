"""One generation in the decode loop: its limits, its text, its count of everything.

Knows tokens and text; the loop in `batch` knows the cache and llama.cpp.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator

from localai.conversation import Completion, Delta, Finished, FinishReason, Timings
from localai.engine.base import Request
from localai.engine.prefix import Line
from localai.engine.stream import Piece, TextStream
from localai.engine.vocab import VocabTokenizer

AFTER_BUDGET = "\n\n"
"""Written after the closing marker when the reasoning budget is spent."""


class Slot:
    """A request while it runs. `finish` says why it has ended."""

    def __init__(
        self,
        request: Request,
        line: Line,
        tokenizer: VocabTokenizer,
        end_ids: frozenset[int],
        room: int,
    ) -> None:
        self.request, self.line, self._tokenizer = request, line, tokenizer
        rule = request.reasoning
        self.stream = TextStream(request.stop, rule)
        self.finish: FinishReason | None = None
        self.cached = 0
        self._end_ids = end_ids
        self._markers = {rule.open, rule.close} if rule else set()
        self._limit = min(room, request.max_tokens) if request.max_tokens else room
        self._ids: list[int] = []
        self._silent = self._reasoned = 0
        self._forced: deque[int] = deque()
        self._asked = self._read = time.perf_counter()
        self._first = 0.0

    def prompt_read(self) -> None:
        """The prompt is in the cache."""
        self._read = time.perf_counter()

    @property
    def last(self) -> int:
        """The token to decode next."""
        return self._ids[-1]

    def forced(self) -> int | None:
        """The next token where the engine has to write it itself."""
        return self._forced.popleft() if self._forced else None

    def accept(self, token: int) -> Iterator[Delta]:
        """Take in the next token; afterwards `finish` may be set."""
        self._first = self._first or time.perf_counter()
        if token in self._end_ids:
            self.finish = "stop"
            return
        self._ids.append(token)
        self._silent += 1
        self._reasoned += self.stream.inside
        yield from self._deltas(self.stream.feed(self._visible(token)))
        if self.stream.stopped:
            self.finish = "stop"
        elif len(self._ids) >= self._limit:
            self.finish = "length"
        elif self._over_budget():
            rule = self.request.reasoning
            text = f"{rule.close}{AFTER_BUDGET}" if rule else ""
            self._forced.extend(self._tokenizer.tokenize(text, special=True))

    def close(self) -> Iterator[Delta | Finished]:
        """What was held back, and how it ended."""
        yield from self._deltas(self.stream.end())
        ended = time.perf_counter()
        first = self._first or ended
        yield Finished(
            Completion(
                finish_reason=self.finish or "error",
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

    def _visible(self, token: int) -> bytes:
        """A token's bytes; control tokens have none, unless they mark reasoning."""
        hidden = (
            self._tokenizer.is_control(token) and self._tokenizer.piece(token) not in self._markers
        )
        return b"" if hidden else self._tokenizer.piece_bytes(token)

    def _deltas(self, pieces: list[Piece]) -> Iterator[Delta]:
        for kind, text in pieces:
            yield Delta(text, kind, self._silent)
            self._silent = 0

    def _over_budget(self) -> bool:
        rule = self.request.reasoning
        if rule is None or rule.budget is None or not self.stream.inside or self._forced:
            return False
        return self._reasoned >= rule.budget

    def _kept(self) -> tuple[int, ...]:
        """The sampled ids without those of a stop string."""
        if not self.stream.stopped:
            return tuple(self._ids)
        kept, size = 0, 0
        for id in self._ids:
            size += len(self._visible(id))
            if size > self.stream.kept:
                break
            kept += 1
        return tuple(self._ids[:kept])
