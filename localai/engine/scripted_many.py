"""Many samples and scores of a scripted engine: its replies and probabilities, one by one."""

from __future__ import annotations

import math
import threading
from collections.abc import Generator, Iterator, Sequence

from localai.conversation import Event
from localai.engine.base import (
    Beside,
    Job,
    Request,
    Sampled,
    Scores,
    Scoring,
    TokenProbability,
)
from localai.engine.script import sampled


class ScriptedMany:
    """The part of a scripted engine that samples and scores."""

    def sample(
        self, jobs: Sequence[Job], stop: threading.Event | None = None
    ) -> Generator[Sampled, None, None]:
        """The next replies, one for each sample, job by job."""
        for at, job in enumerate(jobs):
            for sample in range(job.n):
                if stop is not None and stop.is_set():
                    return
                yield sampled(at, sample, job, self.generate(job.request))

    def score(self, questions: Sequence[Scoring]) -> tuple[Scores, ...]:
        """By the probabilities that it makes up."""
        return tuple(
            tuple(tuple(self._scored(asked.prompt, ids)) for ids in asked.continuations)
            for asked in questions
        )

    def generate(self, request: Request) -> Generator[Event, None, None]:
        """The next reply. Defined by the engine."""
        raise NotImplementedError

    def probabilities(
        self, ids: Sequence[int], start: int, beside: Beside | None = None
    ) -> tuple[TokenProbability, ...]:
        """Made-up probabilities. Defined by the engine."""
        raise NotImplementedError

    def _scored(self, prompt: Sequence[int], ids: Sequence[int]) -> Iterator[float]:
        for token in self.probabilities((*prompt, *ids), len(prompt)):
            yield math.log(token.probability) if token.probability else -math.inf
