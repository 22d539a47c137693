"""The tests behind the gate's decisions, and how many questions they need. Pure numbers.

A gain is tested by McNemar's exact test: of the questions that only one of two models has right,
the new one must have more than a fair coin would give it. That something else was kept is a test
of non-inferiority: what is refuted is a loss of the whole margin, by Tango's score test for
paired shares (T. Tango, "Equivalence test and confidence interval for the difference in
proportions for the paired-sample design", 1998), or by flipping signs where a number is no share
(R. A. Fisher, "The Design of Experiments", 1935). Gains that are looked for together go through
Holm's step-down correction (S. Holm, "A simple sequentially rejective multiple test procedure",
1979); what must all be kept needs none (R. L. Berger, "Multiparameter hypothesis testing and
acceptance sampling", 1982).
How many questions a test needs is told by the usual normal approximation (R. J. Connor, "Sample
size for testing differences in proportions for the paired-sample design", 1987).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import NormalDist, fmean

CHANCE = 0.05
"""What chance alone brings more seldom is taken for real; over all gains together."""

KEPT = 0.1
"""A loss of the whole margin that chance would hide more seldom is taken to be none. Less strict
than for gains: whatever learns turns a few answers, and would never be let in."""

POWER = 0.8
"""How often a test that has as many questions as it needs finds what is there."""

FLIPS = 1000

_NORMAL = NormalDist()


def sign_test(won: int, lost: int) -> float:
    """One-sided p of at least `won` wins in `won + lost` fair coin tosses (McNemar, exact)."""
    n = won + lost
    return float(sum(math.comb(n, k) for k in range(won, n + 1)) / 2**n)


def more_than(share: float, count: int, n: int) -> float:
    """One-sided p of at least `count` of n, were that share of all so (binomial)."""
    ways = (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(count))
    logs = (k * math.log(share) + (n - k) * math.log1p(-share) + way for k, way in enumerate(ways))
    return max(0.0, 1 - sum(map(math.exp, logs)))


def not_worse(won: int, lost: int, n: int, margin: float) -> float:
    """One-sided p of so few losses on balance among `n` questions, were the share of right ones
    lower by the whole `margin` (Tango)."""
    across = won + lost + margin * (lost - won) - 2 * n * margin
    wins = (across + math.sqrt(across**2 + 8 * n * won * margin * (1 - margin))) / (4 * n)
    spread = (2 * wins + margin - margin**2) / n
    return _NORMAL.cdf(((lost - won) / n - margin) / math.sqrt(spread))


def worse(won: int, lost: int, n: int, margin: float) -> float:
    """One-sided p of so many losses on balance, were the share lower by the `margin` only."""
    return 1 - not_worse(won, lost, n, margin)


def not_more(rises: Sequence[float], margin: float) -> float:
    """One-sided p of such rises of a number, question by question, were they `margin` on average;
    never quite 0."""
    below = [margin - rise for rise in rises]
    draw, found, all_of = random.Random(0), sum(below), range(len(below))
    as_far = 0
    for _ in range(FLIPS):
        bits = draw.getrandbits(len(below))
        turned = sum(below[at] for at in all_of if bits >> at & 1)
        as_far += found - 2 * turned >= found - 1e-12 * abs(found)
    return (as_far + 1) / (FLIPS + 1)


def more(rises: Sequence[float], margin: float) -> float:
    """One-sided p of such rises, were they `margin` on average only; never quite 0."""
    return not_more([-rise for rise in rises], -margin)


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """The p values of gains that are looked for together, corrected for that (Holm)."""
    adjusted, worst = [0.0] * len(ps), 0.0
    for rank, at in enumerate(sorted(range(len(ps)), key=lambda at: ps[at])):
        worst = max(worst, min(1.0, (len(ps) - rank) * ps[at]))
        adjusted[at] = worst
    return tuple(adjusted)


def needed_to_win(won: float, lost: float) -> int:
    """Questions that show a gain when these shares of them are won and lost; 0 for no gain."""
    gain, turned = won - lost, won + lost
    if gain <= 0:
        return 0
    return _needed(gain, math.sqrt(turned), math.sqrt(max(0.0, turned - gain**2)), CHANCE)


def needed_to_keep(margin: float, *, turned: float, loss: float = 0.0) -> int:
    """Questions that refute a loss of `margin`, when the share `turned` of them turns, either way,
    and `loss` is lost on balance; 0 where no number does."""
    if loss >= margin:
        return 0
    refuted = math.sqrt(max(turned, loss) + margin - margin**2)
    seen = math.sqrt(max(0.0, turned - loss**2))
    return _needed(margin - loss, refuted, seen, KEPT)


def needed_to_stay(margin: float, rises: Sequence[float]) -> int:
    """The same for a number, by how it rose so far."""
    rise = fmean(rises)
    if rise >= margin:
        return 0
    spread = math.sqrt(fmean((each - rise) ** 2 for each in rises))
    return max(12, _needed(margin - rise, spread, spread, KEPT))


def _needed(apart: float, refuted: float, seen: float, chance: float) -> int:
    """For a difference of `apart`, whose standard deviations are these by what is refuted and by
    what is there."""
    sure, found = (_NORMAL.inv_cdf(each) for each in (1 - chance, POWER))
    return math.ceil(((sure * refuted + found * seen) / apart) ** 2)
