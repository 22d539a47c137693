"""One round in numbers, and what all rounds together leave to learn. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from localai.lessons.maker import Example
from localai.rl import edge
from localai.rl.edge import Cell, Rate
from localai.rl.leanest import Choose
from localai.store.discovering import KEPT, Attempt, Round


def summed(attempts: Sequence[Attempt]) -> Round:
    """What the attempts of a round come to."""
    if not attempts:
        return Round()
    of = defaultdict[str, list[Attempt]](list)
    for each in attempts:
        of[each.problem].append(each)
    right = sum(each.right for each in attempts)
    shares = [sum(each.right for each in some) / len(some) for some in of.values()]
    outcomes = Counter(each.outcome for each in attempts)
    return Round(
        asked=len(of),
        samples=len(attempts),
        pass_1=sum(shares) / len(shares),
        pass_n=sum(map(bool, shares)) / len(shares),
        tokens_per_right=sum(each.tokens for each in attempts) / right if right else None,
        kept=outcomes.pop(KEPT, 0),
        dropped=dict(outcomes),
    )


def rates(attempts: Sequence[Attempt]) -> dict[Cell, Rate]:
    """How often each cell that was asked came out right."""
    return edge.rates([(Cell(each.kind, each.level), each.right) for each in attempts])


def learned(kept: Sequence[Attempt], choose: Choose, most: int) -> tuple[Attempt, ...]:
    """Of all that rounds kept, at most so many answers to each problem, chosen among all of
    them: a later round may have a leaner one."""
    of = defaultdict[str, dict[str, Attempt]](dict)
    for each in kept:
        of[each.problem][each.hash] = each
    return tuple(each for some in of.values() for each in choose(tuple(some.values()), most))


def example(attempt: Attempt) -> Example:
    """An attempt as it is trained on."""
    weights = [0.0] * len(attempt.ids)
    for begin, end in attempt.spans:
        weights[begin:end] = [1.0] * (end - begin)
    return Example(attempt.ids, tuple(weights))
