"""The decode loop of a chat: reads a prompt, then decodes token by token.

One request at a time; many side by side are for `sampling`. It owns the KV cache: what that
holds is in `prefix.Line`, and both always agree, whatever ends a generation. It does not
render, and it knows no conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

import numpy as np

from localai.conversation import Delta, Event, PromptProgress
from localai.engine.base import Request, TokenProbability
from localai.engine.choosing import Chooser, chooser, next_token, seed_of
from localai.engine.lines import drop, feed, keep
from localai.engine.llama import Llama
from localai.engine.prefix import Line
from localai.engine.slot import Slot, room
from localai.engine.threads import ThreadCount, physical_cores

TOP = 5
"""Alternatives given with each probability."""

Cancelled = Callable[[], bool]
Restore = Callable[[Line, Sequence[int]], None]


class Decoder:
    """Runs requests on one loaded model."""

    def __init__(self, llama: Llama, restore: Restore | None = None) -> None:
        """`restore` may bring a line to a state that serves a prompt better."""
        self._restore = restore
        self._llama, self._tokenizer = llama, llama.tokenizer
        self.line = Line(0)
        fixed = llama.options.n_threads
        self._threads = None if fixed else ThreadCount(physical_cores())

    def generate(
        self, request: Request, cancelled: Cancelled, end_ids: frozenset[int]
    ) -> Generator[Event, None, None]:
        """Events of one generation, the last one Finished.

        `cancelled` is asked at every token, and while llama.cpp reads a prompt. Tokens in
        `end_ids`, and those the file declares as ends, end the answer. Raises
        ContextOverflow, EngineError. Closing the generator is as good as a cancel.
        """
        most = room(request.ids, self._llama.n_ctx)
        slot = Slot(request, self.line, self._tokenizer, end_ids | self._tokenizer.ends, most)
        if self._threads is not None:
            self._threads.begin()
        try:
            if self._restore is not None:
                self._restore(self.line, request.ids)
            slot.cached = keep(self._llama, self.line, request.ids, len(request.ids) - 1)
            with closing(chooser(self._llama, slot, seed_of(request.sampling))) as choose:
                yield from self._run(slot, choose, cancelled)
        except Exception:
            self.reset()
            raise

    def probabilities(self, ids: Sequence[int], start: int) -> Iterator[TokenProbability]:
        """For each position from `start` (at least 1) on: the token there given those before."""
        room(ids, self._llama.n_ctx)
        line, start = self.line, max(1, start)
        together = min(self._llama.n_outputs, self._llama.n_batch)
        try:
            kept = keep(self._llama, line, ids, start - 1)
            feed(self._llama, line, ids[kept : start - 1])
            for begin in range(start - 1, len(ids) - 1, together):
                chunk = ids[begin : min(begin + together, len(ids) - 1)]
                feed(self._llama, line, chunk, logits=len(chunk))
                for row in range(len(chunk)):
                    yield self._probability(row, ids[begin + row + 1])
        except Exception:
            self.reset()
            raise

    def reset(self) -> None:
        """Drop the whole cache."""
        drop(self._llama, self.line)

    def _run(self, slot: Slot, choose: Chooser, cancelled: Cancelled) -> Iterator[Event]:
        yield from self._read(slot, cancelled)
        if slot.finish is None:
            slot.prompt_read()
            yield from slot.accept(next_token(slot, choose, -1))
        while slot.finish is None:
            self._adapt()
            if cancelled():
                slot.finish = "cancelled"
            else:
                yield from self._step(slot, choose)
        yield from slot.close(slot.finish)

    def _read(self, slot: Slot, cancelled: Cancelled) -> Iterator[PromptProgress]:
        """Bring the rest of the prompt into the cache, at least its last token."""
        llama, ids, line = self._llama, slot.request.ids, self.line
        yield PromptProgress(slot.cached, len(ids))
        while len(line.ids) < len(ids):
            self._adapt()
            chunk = ids[len(line.ids) : len(line.ids) + llama.n_batch]
            if cancelled() or not feed(llama, line, chunk, logits=1, abort=cancelled):
                slot.finish = "cancelled"
                return
            yield PromptProgress(len(line.ids), len(ids))

    def _step(self, slot: Slot, choose: Chooser) -> list[Delta]:
        """One token more. Whole, before anybody can close the generator: it is in the cache."""
        feed(self._llama, self.line, (slot.last,), logits=1)
        return slot.accept(next_token(slot, choose, 0))

    def _probability(self, row: int, token: int) -> TokenProbability:
        logits = self._llama.logits(row)
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        best = np.argpartition(shares, -TOP)[-TOP:]
        best = best[np.argsort(-shares[best])]
        piece = self._tokenizer.piece
        top = tuple((piece(int(id)), float(shares[id])) for id in best)
        return TokenProbability(token, piece(token), float(shares[token]), top)

    def _adapt(self) -> None:
        """Follow the machine's load."""
        if self._threads is not None and self._threads.look():
            self._llama.use_threads(self._threads.count)
