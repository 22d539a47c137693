"""A context for sampling or scoring beside the chat's, over the same loaded model.

Made when there is something to do and freed when that is done: it takes memory, and the
chat's cache must not be lost by it. It is as large as the work needs, for sampling at most
twice the chat's.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from localai.engine.base import Job, Request, Sampled, Scores, Scoring
from localai.engine.llama import Llama
from localai.engine.sampling import AHEAD, WIDEST, SamplingRun
from localai.engine.scoring import Scorer
from localai.engine.slot import room
from localai.engine.width import START
from localai.errors import EngineError

TIMES = 2
"""The memory for sampling in windows of the chat, at most; a prompt and a sample need two."""

PADDING = 256
"""llama.cpp makes every window a multiple of this."""

BRANCHES = 16
"""Continuations of one prompt that are scored side by side."""


class SamplingContext:
    """The sampling that goes on, at most one run of it."""

    def __init__(self) -> None:
        self._run: SamplingRun | None = None
        self._llama: Llama | None = None
        self._width = START

    @property
    def left(self) -> bool:
        """Whether there is anything to do yet."""
        return self._run is not None and self._run.left

    def begin(self, chat: Llama, jobs: Sequence[Job], ends: frozenset[int]) -> None:
        """Begin anew. Raises EngineError, ContextOverflow, ModelError."""
        self.end()
        tails = [_tail(chat, job.request) for job in jobs]
        both = list(zip(jobs, tails, strict=True))
        samples = sum(job.n for job in jobs)
        if not samples:
            return
        window = padded(max(len(job.request.ids) + tail for job, tail in both))
        fits = max(2, min(TIMES * chat.n_ctx // window, WIDEST + AHEAD))
        ahead = min(AHEAD, sum(1 for job in jobs if job.n), fits // 2)
        places = min(samples, WIDEST, fits - ahead)
        sequences = places + ahead
        self._llama = _open(chat, window * sequences, sequences, streams=True)
        self._run = SamplingRun(self._llama, both, ends | chat.tokenizer.ends, places, self._width)

    def go_on(self, seconds: float) -> tuple[Sampled, ...]:
        """At least one step, and more for so long; the samples that ended. Frees the context
        after the last one, and after an error."""
        if self._run is None:
            raise EngineError("The sampling was interrupted; start it again.")
        found: list[Sampled] = []
        until = time.monotonic() + seconds
        try:
            while self._run.left:
                found += self._run.step()
                if time.monotonic() >= until:
                    break
        except Exception:
            self.end()
            raise
        if not self._run.left:
            self.end()
        return tuple(found)

    def end(self) -> None:
        """Free the context, whatever is left to do."""
        if self._run is not None:
            self._width = max(START, self._run.width // 2)  # what was best is tried again
            self._run.close()
        if self._llama is not None:
            self._llama.close()
        self._run = self._llama = None


def scores(chat: Llama, questions: Sequence[Scoring]) -> tuple[Scores, ...]:
    """The scores of each question. Raises EngineError, ContextOverflow, ModelError."""
    needed = [_needed(chat, question) for question in questions]
    if not needed:
        return ()
    llama = _open(chat, max(needed), BRANCHES + 1)
    try:
        scorer = Scorer(llama)
        return tuple(map(scorer.score, questions))
    finally:
        llama.close()


def padded(tokens: int) -> int:
    """A window for so many tokens."""
    return -(-tokens // PADDING) * PADDING


def _open(chat: Llama, window: int, sequences: int, *, streams: bool = False) -> Llama:
    options = msgspec.structs.replace(chat.options, n_ctx=window, n_seq_max=sequences)
    llama = chat.beside(options, streams=streams)
    try:
        llama.attach(chat.adapter, chat.scale)
    except EngineError:
        llama.close()
        raise
    return llama


def _tail(chat: Llama, request: Request) -> int:
    """The most tokens after a prompt, as for a generation by itself."""
    left = room(request.ids, chat.n_ctx)
    return min(left, request.max_tokens) if request.max_tokens else left


def _needed(chat: Llama, question: Scoring) -> int:
    """Cells that a prompt and its continuations take side by side."""
    longest = max(question.continuations, key=len, default=())
    room(question.prompt, chat.n_ctx)
    room((*question.prompt, *longest[:-1]), chat.n_ctx)  # nothing follows the last one
    return len(question.prompt) + len(longest) * min(BRANCHES, len(question.continuations))
