"""Samples many requests side by side: sequences join and leave the batch as they end.

The prompt of a job is read once, in a stem, and every sample forks from it; a stem forks
what it shares with others. Prompts are read in portions beside the running sequences, and
the next ones before they are needed, so that no place stays empty. A sequence starts only
when the window has room for all that it may write. Runs step by step on a context of its
own; between two steps anything may happen to other contexts.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from localai.engine.base import Job, Sampled
from localai.engine.forks import Forks
from localai.engine.llama import Llama
from localai.engine.prefix import Line, common
from localai.engine.samples import Running, Stem
from localai.engine.threads import ThreadCount, physical_cores
from localai.engine.width import Width

AHEAD = 4
"""Samples whose prompts are read before there is a place for them."""

PORTION = 128
"""Prompt tokens read in one step beside running sequences."""

WIDEST = 64
"""Sequences side by side at most; with stems, llama.cpp holds 256."""


class SamplingRun:
    """All samples of `jobs` on `llama`, which is nobody else's meanwhile.

    Each job comes with the most tokens that one of its samples may have; alone it must fit
    the window. `ends` end a sample. After an error the run is over.
    """

    def __init__(self, llama: Llama, jobs: Sequence[tuple[Job, int]], ends: frozenset[int]) -> None:
        self._llama, self._ends = llama, ends
        self._waiting = deque(Stem(n, job, tail) for n, (job, tail) in enumerate(jobs) if job.n)
        self._stems: list[Stem] = []
        self._running: list[Running] = []
        count = llama.options.n_seq_max
        self._forks = Forks(count)
        self._width = Width(max(1, min(WIDEST, count - AHEAD, llama.n_batch)))
        self._threads = None if llama.options.n_threads else ThreadCount(physical_cores())

    @property
    def left(self) -> bool:
        """Whether there is anything to do yet."""
        return bool(self._waiting or self._stems or self._running)

    def step(self) -> list[Sampled]:
        """Decode once; the samples that ended with it."""
        if self._threads is not None and self._threads.look():
            self._llama.use_threads(self._threads.count)
        self._start()
        self._open()
        self._start()  # what is in the cache to its last token need not wait for a step
        began = time.perf_counter()
        reading = self._decode()
        for row, each in enumerate(self._running):
            each.take(row)
        if self._running and not reading:
            self._width.took(len(self._running), time.perf_counter() - began)
        return self._ended()

    def close(self) -> None:
        """Free the samplers."""
        for each in self._running:
            each.close()
        self._running.clear()

    def _start(self) -> None:
        """Fork samples from stems that are read, while there is a place and room."""
        for stem in list(self._stems):
            while stem.left and not stem.unread and self._fits(stem):
                line = self._line_for(stem)
                self._running.append(Running(self._llama, stem, line, self._ends))
            if not stem.left:
                self._stems.remove(stem)

    def _fits(self, stem: Stem) -> bool:
        if len(self._running) >= self._width.best:
            return False
        line = len(stem.left) == 1 or len(self._used) < len(self._forks.lines)
        if line and self._spare >= stem.tail:
            return True
        if self._running or stem is not self._stems[0]:
            return False
        # Nobody will make room: the stems behind have to. A job alone fits the window.
        for other in self._stems[1:]:
            self._drop(other.line)
            self._waiting.appendleft(other)
        del self._stems[1:]
        return True

    def _line_for(self, stem: Stem) -> Line:
        """The stem's own line for its last sample, a fork of it for those before."""
        if len(stem.left) == 1:
            return stem.line
        return self._fork(stem.line, len(stem.ids))

    def _open(self) -> None:
        """Begin to read the prompts that are needed next."""
        while self._waiting and len(self._used) < len(self._forks.lines):
            places = self._width.best - len(self._running) + AHEAD
            if sum(len(stem.left) for stem in self._stems) >= places:
                return
            stem = self._waiting[0]
            source, shared = self._forks.longest(
                stem.ids, partial=self._llama.partial, most=len(stem.ids)
            )
            if shared and self._llama.first_position(source.sequence) != 0:
                shared = 0  # a sliding window has let go of the beginning
            coming = max((common(s.ids, stem.ids) for s in self._stems if s.unread), default=0)
            needed = len(stem.ids) - shared
            if self._stems and (coming > shared or self._spare < needed + self._stems[0].tail):
                return
            if not self._stems and self._running and self._spare < needed:
                return
            self._waiting.popleft()
            stem.line = self._fork(source, shared)
            self._stems.append(stem)

    @property
    def _used(self) -> set[int]:
        """Sequences that somebody has."""
        return {each.slot.line.sequence for each in self._running} | {
            stem.line.sequence for stem in self._stems
        }

    @property
    def _spare(self) -> int:
        """Cells that nobody holds or will need."""
        promised = sum(each.reserved for each in self._running)
        promised += sum(stem.unread for stem in self._stems)
        return self._llama.n_ctx - self._forks.held - promised

    def _fork(self, source: Line, length: int) -> Line:
        """A line of one's own that begins as another does."""
        used = self._used
        line = next(line for line in self._forks.lines if line.sequence not in used)
        if length:
            self._llama.fork(source.sequence, line.sequence, length)
            self._forks.fork(source, line, length)
        return line

    def _decode(self) -> bool:
        """One token of every running sequence, and a portion of prompts; whether of those."""
        rows = [
            (each.next, len(each.slot.line.ids), each.slot.line.sequence, True)
            for each in self._running
        ]
        room = self._llama.n_batch - len(rows)
        room = min(room, PORTION) if rows else room
        taken: list[tuple[Line, tuple[int, ...]]] = []
        for stem in self._stems:
            at = len(stem.line.ids)
            portion = stem.ids[at : at + room]
            rows += [(id, at + i, stem.line.sequence, False) for i, id in enumerate(portion)]
            taken += [(stem.line, portion)] if portion else []
            room -= len(portion)
        if rows:
            self._llama.decode(rows)
        for each in self._running:
            self._forks.extend(each.slot.line, (each.next,))
        for line, portion in taken:
            self._forks.extend(line, portion)
        return bool(taken)

    def _ended(self) -> list[Sampled]:
        ended = [each for each in self._running if each.slot.finish is not None]
        self._running = [each for each in self._running if each.slot.finish is None]
        found = []
        for each in ended:
            found.append(each.end(each.slot.finish or "stop"))
            each.close()
            self._drop(each.slot.line)
        return found

    def _drop(self, line: Line) -> None:
        self._llama.forget(line.sequence, 0)
        self._forks.cut(line, 0)
