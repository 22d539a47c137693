"""Where a model's knowledge ends: questions asked several times, sampled, and sorted.

What is to be taught is "I don't know" where the model makes things up, and nowhere else (R-Tuning,
Zhang et al. 2023, arXiv:2311.09677). One greedy answer does not tell: some are right by luck. How
far answers agree is told in `agreement`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from localai.evals.abstention import abstains
from localai.evals.agreement import agreement
from localai.evals.knowledge import facts
from localai.evals.task import Answer, Example, Manner

Side = Literal["known", "unsure", "unknown"]

MANNER = Manner(samples=8, temperature=0.8, max_tokens=32)
"""How often and how freely it is asked."""

KNOWN = 0.5
"""At least this share of the answers to what is known is right."""

UNKNOWN = 0.125
"""At most this share of the answers to what is unknown is right: one of eight may be by luck."""


class Found(msgspec.Struct, frozen=True):
    """On which side of the boundary a question is, the share of right answers, and the share of
    those that say what is said most often. `right` are the numbers of the right answers that do."""

    side: Side
    share: float
    agreed: float
    right: tuple[int, ...]


def sort(example: Example, answers: Sequence[Answer]) -> Found:
    """Sort a question by its answers. It is known if at least half of them are right and what is
    said most often is."""
    texts = [answer.text for answer in answers]
    right = {
        at for at, text in enumerate(texts) if facts.right(example, text) and not abstains(text)
    }
    agreed, share = agreement(texts, example.question), len(right) / len(texts)
    said = tuple(at for at in agreed.groups[0] if at in right)
    side: Side = "unsure"
    if share >= KNOWN and said:
        side = "known"
    elif share <= UNKNOWN:
        side = "unknown"
    return Found(side, share, agreed.share, said)
