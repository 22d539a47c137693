"""How likely given continuations are: each prompt is read once, its continuations side by side.

Runs on a context of its own, as `sampling` does, a decode at a time; what a prompt shares with
the one before it is not read again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import chain
from typing import TypeVar

from localai.engine.base import Scores, Scoring
from localai.engine.lines import feed, keep
from localai.engine.llama import Llama
from localai.engine.logprobs import log_probabilities
from localai.engine.prefix import Line

T = TypeVar("T")


class ScoringRun:
    """Works on `llama`, which is nobody else's meanwhile. After an error it is of no use."""

    def __init__(self, llama: Llama, questions: Sequence[Scoring]) -> None:
        self._llama, self._left = llama, len(questions)
        lines = [Line(sequence) for sequence in range(llama.options.n_seq_max)]
        self._stem, *self._branches = lines
        self._steps = chain.from_iterable(map(self._score, questions))

    @property
    def left(self) -> bool:
        """Whether there is anything to do yet."""
        return self._left > 0

    def step(self) -> list[Scores]:
        """Decode once, at most; the scores of the question that is done with it: for each
        continuation the log-probabilities of its tokens."""
        found = next(self._steps)
        if found is None:
            return []
        self._left -= 1
        return [found]

    def close(self) -> None:
        """Nothing is held beside the context."""

    def _score(self, question: Scoring) -> Iterator[Scores | None]:
        """None after each decode, then the scores."""
        llama, stem, ids = self._llama, self._stem, question.prompt[:-1]
        for portion in portions(ids[keep(llama, stem, ids, len(ids)) :], llama.n_batch):
            feed(llama, stem, portion)
            yield None
        found: list[tuple[float, ...]] = []
        for some in portions(question.continuations, len(self._branches)):
            found += yield from self._side_by_side(question.prompt[-1], some)
        yield tuple(found)

    def _side_by_side(
        self, last: int, continuations: Sequence[tuple[int, ...]]
    ) -> Generator[None, None, list[tuple[float, ...]]]:
        """Fork the stem for each, decode all, and drop the forks."""
        llama, length = self._llama, len(self._stem.ids)
        rows: list[tuple[int, int, Line, int]] = []
        for ids, line in zip(continuations, self._branches, strict=False):
            if length:
                llama.copy(self._stem.sequence, line.sequence)
            pairs = zip((last, *ids[:-1]), ids, strict=False)
            rows += [(id, at, line, wanted) for at, (id, wanted) in enumerate(pairs, length)]
        found: dict[int, list[float]] = {line.sequence: [] for line in self._branches}
        for chunk in portions(rows, min(llama.n_outputs, llama.n_batch)):
            llama.decode([(id, at, line.sequence, True) for id, at, line, _ in chunk])
            likely = log_probabilities(llama, range(len(chunk)), [row[3] for row in chunk])
            for (_, _, line, _), value in zip(chunk, likely, strict=True):
                found[line.sequence].append(value)
            yield None
        for line in self._branches[: len(continuations)]:
            llama.forget(line.sequence, 0)
        return [tuple(found[line.sequence]) for line in self._branches[: len(continuations)]]


def portions(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Slices of that size, the last one as long as what is left."""
    return (whole[at : at + size] for at in range(0, len(whole), size))
