"""How likely given continuations are: each prompt is read once, its continuations side by side.

Runs on a context of its own, as `sampling` does; what a prompt shares with the one before it
is not read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from localai.engine.base import Scores, Scoring
from localai.engine.lines import feed, keep
from localai.engine.llama import Llama
from localai.engine.logprobs import log_probabilities
from localai.engine.prefix import Line

T = TypeVar("T")


class Scorer:
    """Works on `llama`, which is nobody else's meanwhile. After an error it is of no use."""

    def __init__(self, llama: Llama) -> None:
        self._llama = llama
        lines = [Line(sequence) for sequence in range(llama.options.n_seq_max)]
        self._stem, *self._branches = lines

    def score(self, question: Scoring) -> Scores:
        """For each continuation the log-probabilities of its tokens."""
        llama, stem, ids = self._llama, self._stem, question.prompt[:-1]
        feed(llama, stem, ids[keep(llama, stem, ids, len(ids)) :])
        found: list[tuple[float, ...]] = []
        for some in portions(question.continuations, len(self._branches)):
            found += self._side_by_side(question.prompt[-1], some)
        return tuple(found)

    def _side_by_side(
        self, last: int, continuations: Sequence[tuple[int, ...]]
    ) -> list[tuple[float, ...]]:
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
        for line in self._branches[: len(continuations)]:
            llama.forget(line.sequence, 0)
        return [tuple(found[line.sequence]) for line in self._branches[: len(continuations)]]


def portions(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Slices of that size, the last one as long as what is left."""
    return (whole[at : at + size] for at in range(0, len(whole), size))
