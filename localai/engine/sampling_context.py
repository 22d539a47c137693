"""How much context sampling takes: at most twice the chat's window in all."""

from __future__ import annotations

from collections.abc import Sequence

from localai.engine.apart import Apart, padded
from localai.engine.base import Job, Request, Sampled
from localai.engine.llama import Llama
from localai.engine.sampling import AHEAD, WIDEST, SamplingRun
from localai.engine.slot import room
from localai.engine.width import START

TIMES = 2
"""The memory for sampling in windows of the chat, at most; a prompt and a sample need two."""


class SamplingContext(Apart[Sampled]):
    """The sampling that goes on, at most one run of it."""

    def __init__(self) -> None:
        super().__init__()
        self._run: SamplingRun | None = None
        self._width = START

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
        llama = self.open(chat, window * sequences, sequences, streams=True)
        self._run = SamplingRun(llama, both, ends | chat.tokenizer.ends, places, self._width)
        self._steps = self._run

    def end(self) -> None:
        """Free the context, whatever is left to do."""
        if self._run is not None:
            self._width = max(START, self._run.width // 2)  # what was best is tried again
        self._run = None
        super().end()


def _tail(chat: Llama, request: Request) -> int:
    """The most tokens after a prompt, as for a generation by itself."""
    left = room(request.ids, chat.n_ctx)
    return min(left, request.max_tokens) if request.max_tokens else left
