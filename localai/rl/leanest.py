"""Which of a problem's right answers are learned from. Pure.

The fewest tokens first, of as many the likelier one; and no two that say nearly the same, since
the second one would only make the first one count twice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from rapidfuzz.distance import Levenshtein

from localai.store.discovering import Attempt

APART = 0.2
"""Two answers that are both learned differ in at least this share of their characters."""

Choose = Callable[[Sequence[Attempt], int], Sequence[Attempt]]


def leanest(right: Sequence[Attempt], most: int) -> tuple[Attempt, ...]:
    """At most so many of the right answers to one problem, the leanest ones."""
    return _apart(sorted(right, key=lambda each: (each.tokens, -each.logprob, each.sample)), most)


def any_right(right: Sequence[Attempt], most: int) -> tuple[Attempt, ...]:
    """At most so many of them by chance, whatever their length: what `leanest` is compared with."""
    order = sorted(right, key=lambda each: each.sample)
    random.Random(order[0].problem if order else "").shuffle(order)
    return _apart(order, most)


def _apart(order: Sequence[Attempt], most: int) -> tuple[Attempt, ...]:
    """The first ones that are apart from each other."""
    found = list[Attempt]()
    for each in order:
        if len(found) == most:
            break
        if all(_distance(each.text, other.text) >= APART for other in found):
            found.append(each)
    return tuple(found)


def _distance(one: str, other: str) -> float:
    return Levenshtein.normalized_distance(one, other)
