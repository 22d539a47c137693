"""The decode loop: reads prompts, then decodes all running sequences together.

One loop for any number of sequences; chat uses it with one. It owns the KV cache: what
it holds is in `prefix.Line`, and both always agree, whatever ends a generation. It does
not render, and it knows no conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain

import numpy as np

from localai.conversation import Delta, Event, PromptProgress
from localai.engine.base import Request, TokenProbability
from localai.engine.choosing import Chooser, chooser, next_token, seed_of
from localai.engine.lines import drop, feed, keep
from localai.engine.llama import Llama
from localai.engine.prefix import Line
from localai.engine.slot import Slot, room
from localai.engine.threads import ThreadCount, physical_cores
from localai.errors import EngineError

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
        self.lines = [Line(sequence) for sequence in range(llama.options.n_seq_max)]
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
        for _, event in self.run((request,), cancelled, end_ids):
            yield event

    def run(
        self, requests: Sequence[Request], cancelled: Cancelled, end_ids: frozenset[int]
    ) -> Generator[tuple[int, Event], None, None]:
        """Events of several generations side by side, each with its request's index.

        They share the window: what the prompts leave of it is divided among them.
        """
        share = self._room(*(request.ids for request in requests))
        slots = [self._slot(i, request, end_ids, share) for i, request in enumerate(requests)]
        samplers: list[Chooser] = []
        if self._threads is not None:
            self._threads.begin()
        try:
            self._make_room(slots)
            for index, slot in enumerate(slots):
                samplers.append(chooser(self._llama, slot, seed_of(slot.request.sampling)))
                for progress in self._read(slot, cancelled):
                    yield index, progress
                if slot.finish is None:
                    slot.prompt_read()
                    for delta in slot.accept(next_token(slot, samplers[index], -1)):
                        yield index, delta
            yield from self._decode(slots, samplers, cancelled)
        except Exception:
            self.reset()
            raise
        finally:
            for sampler in samplers:
                sampler.close()

    def probabilities(self, ids: Sequence[int], start: int) -> Iterator[TokenProbability]:
        """For each position from `start` (at least 1) on: the token there given those before."""
        room(ids, self._llama.n_ctx)
        line, start = self.lines[0], max(1, start)
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
        for line in self.lines:
            drop(self._llama, line)

    def _slot(self, index: int, request: Request, end_ids: frozenset[int], share: int) -> Slot:
        if index >= len(self.lines):
            raise EngineError(f"This context holds {len(self.lines)} sequences; send fewer.")
        ends = end_ids | self._tokenizer.ends
        most = min(share, room(request.ids, self._llama.n_ctx))
        return Slot(request, self.lines[index], self._tokenizer, ends, most)

    def _room(self, *prompts: Sequence[int]) -> int:
        """How many tokens fit after each prompt, at least one. Raises ContextOverflow."""
        taken = tuple(chain.from_iterable(prompts))
        return max(1, room(taken, self._llama.n_ctx) // len(prompts))

    def _make_room(self, slots: Sequence[Slot]) -> None:
        """Keep in the cache what the prompts can use of it; the rest belongs to all."""
        for line in self.lines[len(slots) :]:
            keep(self._llama, line, (), 0)
        for slot in slots:
            if self._restore is not None and len(slots) == 1:
                self._restore(slot.line, slot.request.ids)
            ids = slot.request.ids
            slot.cached = keep(self._llama, slot.line, ids, len(ids) - 1)

    def _read(self, slot: Slot, cancelled: Cancelled) -> Iterator[PromptProgress]:
        """Bring the rest of the prompt into the cache, at least its last token."""
        llama, ids, line = self._llama, slot.request.ids, slot.line
        yield PromptProgress(slot.cached, len(ids))
        while len(line.ids) < len(ids):
            self._adapt()
            chunk = ids[len(line.ids) : len(line.ids) + llama.n_batch]
            if cancelled() or not feed(llama, line, chunk, logits=1, abort=cancelled):
                slot.finish = "cancelled"
                return
            yield PromptProgress(len(line.ids), len(ids))

    def _decode(
        self, slots: Sequence[Slot], samplers: Sequence[Chooser], cancelled: Cancelled
    ) -> Iterator[tuple[int, Event]]:
        running = dict(enumerate(slots))
        while True:
            for index, slot in list(running.items()):
                if slot.finish is not None:
                    del running[index]
                    for last in slot.close(slot.finish):
                        yield index, last
            if not running:
                return
            if cancelled():
                for slot in running.values():
                    slot.finish = "cancelled"
                continue
            self._adapt()
            yield from self._step(running, samplers)

    def _step(
        self, running: dict[int, Slot], samplers: Sequence[Chooser]
    ) -> Iterator[tuple[int, Delta]]:
        """One token for every running slot."""
        rows = [
            (slot.last, len(slot.line.ids), slot.line.sequence, True) for slot in running.values()
        ]
        self._llama.decode(rows)
        # All at once, before anybody can close this generator: they are in the cache now.
        for slot in running.values():
            slot.line.ids.append(slot.last)
        for row, (index, slot) in enumerate(running.items()):
            for delta in slot.accept(next_token(slot, samplers[index], row)):
                yield index, delta

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
