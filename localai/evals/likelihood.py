"""How likely a model finds an answer: whether one that turned was lost or hung by a thread.

llama.cpp rounds activations to 8 bits, so an adapter that does nothing changes a greedy
answer in ten of a small model, wherever two tokens were about as likely. The likelihood
of the right answer moves only as far as the model does (docs/decisions, 8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from localai.engine.base import Engine, Scoring, Side

TINY = 1e-12
"""Stands for a probability of 0."""


def deciding(side: Side, ids: Sequence[int], right: Callable[[str], bool]) -> tuple[int, ...]:
    """The shortest beginning of a right answer that is right already."""
    text = ""
    for count, piece in enumerate(side.pieces(ids), start=1):
        text += piece
        if right(text):
            return tuple(ids[:count])
    return tuple(ids)


def log_likelihoods(
    engine: Engine, texts: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> list[float]:
    """Of each answer after its prompt, in nats, by the adapter in force."""
    questions = [Scoring(tuple(prompt), (tuple(ids),)) for prompt, ids in texts]
    least = math.log(TINY)
    return [sum(max(least, each) for each in only) for (only,) in engine.score(questions)]


def log_probabilities(side: Side, ids: Sequence[int], start: int) -> list[float]:
    """Of each token from `start` on, given those before it, in nats, by either side of two."""
    return [math.log(max(TINY, each.probability)) for each in side.probabilities(ids, start)]
