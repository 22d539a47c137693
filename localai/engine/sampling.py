"""Samples many requests side by side: sequences join and leave the batch as they end.

The prompt of a job is read once, into a stem, and every sample begins with a copy of it; a
stem copies what it shares with another line. Prompts are read in portions between the steps
of the running sequences, and before there is a place for them, so that no place stays empty.

Each sequence has a cache by itself (decision 14), so that its text does not depend on its
neighbours; llama.cpp decodes those with numbers in a row at once, so a gap is closed.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence

from localai.engine.base import Job, Sampled
from localai.engine.lines import begins, drop, feed
from localai.engine.llama import Llama
from localai.engine.prefix import Line, common, longest
from localai.engine.samples import Running, Stem
from localai.engine.threads import ThreadCount, physical_cores
from localai.engine.width import START, Width

AHEAD = 4
"""Prompts that are read before there is a place for their samples, at most."""

PORTION = 128
"""Prompt tokens read between two steps of running sequences."""

WIDEST = 64
"""Sequences side by side at most."""


class SamplingRun:
    """All samples of `jobs` on `llama`, which is nobody else's meanwhile.

    Each job comes with the most tokens that one of its samples may have; with them its prompt
    must fit the window of a sequence. `ends` end a sample. At most `places` samples run side
    by side; the other sequences are for prompts. `width` is how many were best before. After
    an error the run is over.
    """

    def __init__(
        self,
        llama: Llama,
        jobs: Sequence[tuple[Job, int]],
        ends: frozenset[int],
        places: int,
        width: int = START,
    ) -> None:
        self._llama, self._ends = llama, ends
        self._waiting = deque(Stem(n, job, tail) for n, (job, tail) in enumerate(jobs) if job.n)
        self._stems: list[Stem] = []
        self._lines = [Line(sequence) for sequence in range(llama.options.n_seq_max)]
        places = min(places, llama.n_batch)
        self._places: list[Running | None] = [None] * places
        self._width = Width(places, width)
        self._threads = None if llama.options.n_threads else ThreadCount(physical_cores())

    @property
    def left(self) -> bool:
        """Whether there is anything to do yet."""
        return bool(self._waiting or self._stems or any(self._running))

    @property
    def width(self) -> int:
        """How many sequences side by side are best."""
        return self._width.best

    def step(self) -> list[Sampled]:
        """Read a portion of prompts and decode once; the samples that ended with it."""
        if self._threads is not None and self._threads.look():
            self._llama.use_threads(self._threads.count)
        self._open()
        self._read()
        self._start()
        self._close_gaps()
        began = time.perf_counter()
        running = list(self._running)
        self._decode(running)
        for row, each in enumerate(running):
            each.take(row)
        if running:
            self._width.took(len(running), time.perf_counter() - began)
        return self._ended()

    def close(self) -> None:
        """Free the samplers."""
        for each in self._running:
            each.close()
        self._places = [None] * len(self._places)

    @property
    def _running(self) -> Iterator[Running]:
        return (each for each in self._places if each is not None)

    def _open(self) -> None:
        """Begin with the prompts that are needed next."""
        kept = {stem.line.sequence for stem in self._stems}
        for line in self._lines[len(self._places) :]:
            if line.sequence in kept or not self._waiting:
                continue
            stem = self._waiting[0]
            coming = max((common(s.ids, stem.ids) for s in self._stems if s.unread), default=0)
            source, shared = self._best(stem.ids)
            if coming > shared:
                return  # what is being read will be worth copying
            self._copy(source, line, shared)
            stem.line = line
            self._stems.append(self._waiting.popleft())

    def _best(self, ids: Sequence[int]) -> tuple[Line, int]:
        """The line to copy the beginning of a prompt from, and how much of it."""
        llama = self._llama
        source, shared = longest(self._lines, ids, partial=llama.partial, most=len(ids))
        if shared and llama.partial and not begins(llama, source):
            shared = 0
        return source, shared

    def _read(self) -> None:
        """A portion of each prompt, one by one: llama.cpp computes many tokens of one text
        otherwise than few, so the last portion is not a small one either."""
        for stem in self._stems:
            running = any(self._running)
            size = PORTION if running and stem.unread >= 1.5 * PORTION else stem.unread
            portion = stem.ids[len(stem.line.ids) :][: min(size, self._llama.n_batch)]
            feed(self._llama, stem.line, portion)

    def _start(self) -> None:
        """Give places to samples whose prompt is read."""
        for stem in [stem for stem in self._stems if not stem.unread]:
            while stem.left and sum(1 for _ in self._running) < self._width.best:
                at = self._places.index(None)
                line = self._lines[at]
                self._copy(stem.line, line, len(stem.ids))
                self._places[at] = Running(self._llama, stem, line, self._ends)
            if not stem.left:
                self._stems.remove(stem)
                drop(self._llama, stem.line)

    def _close_gaps(self) -> None:
        """Move the last sequences to the places that are empty before them."""
        used = [at for at, each in enumerate(self._places) if each is not None]
        for at in range(len(used)):
            if self._places[at] is None:
                moved = self._places[used[-1]]
                assert moved is not None
                line = moved.slot.line
                self._copy(line, self._lines[at], len(line.ids))
                drop(self._llama, line)
                moved.slot.line = self._lines[at]
                self._places[at], self._places[used.pop()] = moved, None

    def _decode(self, running: Sequence[Running]) -> None:
        """One token of every running sequence."""
        lines, tokens = [each.slot.line for each in running], [each.next for each in running]
        rows = [
            (token, len(line.ids), line.sequence, True)
            for token, line in zip(tokens, lines, strict=True)
        ]
        if rows:
            self._llama.decode(rows)
        for token, line in zip(tokens, lines, strict=True):
            line.ids.append(token)

    def _ended(self) -> list[Sampled]:
        found = []
        for at, each in enumerate(self._places):
            if each is not None and each.slot.finish is not None:
                found.append(each.end(each.slot.finish))
                each.close()
                drop(self._llama, each.slot.line)
                self._places[at] = None
        return found

    def _copy(self, source: Line, target: Line, length: int) -> None:
        """An empty line now begins as another does."""
        if length:
            self._llama.copy(source.sequence, target.sequence)
            if length < len(source.ids):
                self._llama.forget(target.sequence, length)
            target.ids[:] = source.ids[:length]
