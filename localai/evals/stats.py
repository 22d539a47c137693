"""The numbers behind scores: means with their errors, and two models on the same items. Pure.

A share of items has Wilson's interval (E. B. Wilson, "Probable inference, the law of succession,
and statistical inference", 1927), anything else the percentile interval of Efron's bootstrap
over the items. Every number is told with n, its standard error and a 95 % interval.

Two models are compared item by item. Where a score is right or wrong, by McNemar's test
(Q. McNemar, "Note on the sampling error of the difference between correlated proportions or
percentages", 1947) with the mid-p value, which is nearly as strong as the asymptotic test and
hardly ever cries wolf more often than it says (M. W. Fagerland, S. Lydersen, P. Laake, "The
McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact
conditional", 2013), and the interval of Bonett and Price ("Adjusted Wald confidence interval for
a difference of binomial proportions based on paired data", 2012). Else the interval is of a
bootstrap over the pairs, and p of swapping the two sides of pairs by chance (approximate
randomisation: E. W. Noreen, "Computer-Intensive Methods for Testing Hypotheses", 1989).
By exact computation (`tests/evals/test_stats.py`), with 400 items of which 12 % differ, it finds
a difference of 5 points in 83 % of runs, and where there is none it finds one in 5 %.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

T = TypeVar("T")

Z = 1.959963984540054
"""What 95 % of a normal distribution lie within, in standard deviations."""

SIGNIFICANT = 0.05
"""Differences that chance brings more seldom are taken for real."""

RESAMPLES = 2000
FEWER = 500
"""Resamples where each costs more: for numbers that come of all items together."""


class Estimate(msgspec.Struct, frozen=True):
    """A number over `n` items, its standard error, and its 95 % interval."""

    n: int
    value: float
    error: float
    low: float
    high: float


class Difference(msgspec.Struct, frozen=True):
    """How much more the second of two has than the first, over the `n` items that both have;
    `p` is how often chance alone would bring as much, either way. `won` and `lost` count the
    items where the second has more, and less."""

    n: int
    first: float
    second: float
    value: float
    error: float
    low: float
    high: float
    p: float
    won: int = 0
    lost: int = 0


def mean(values: Sequence[float], *, share: bool = True) -> Estimate:
    """The mean of at least one value; where all are 0 or 1 it is that of a `share`, unless they
    have a unit."""
    n, value = len(values), statistics.fmean(values)
    error = _error(values)
    if share and _binary(values):
        return Estimate(n, value, error, *wilson(round(sum(values)), n))
    return Estimate(n, value, error, *_ends(_resampled(values, statistics.fmean)))


def ratio(tops: Sequence[float], bottoms: Sequence[float]) -> Estimate | None:
    """The sum of the first over that of the second (tokens for each right answer, say), which
    belong together pair by pair; None where the latter is 0."""
    if not sum(bottoms):
        return None
    pairs = list(zip(tops, bottoms, strict=True))
    return over_all(pairs, _quotient, RESAMPLES)


def over_all(
    items: Sequence[T], number: Callable[[Sequence[T]], float], resamples: int = FEWER
) -> Estimate:
    """A number that comes of all items together."""
    drawn = _resampled(items, number, resamples)
    error = statistics.stdev(drawn) if len(drawn) > 1 else 0.0
    return Estimate(len(items), number(items), error, *_ends(drawn))


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `right` of `n` were seen."""
    share, z2 = right / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def mid_p(won: int, lost: int) -> float:
    """McNemar's two-sided mid-p value: of as uneven a split of the items that differ, half of
    the chance of just this one."""
    n, fewer = won + lost, min(won, lost)
    if won == lost:  # the middle belongs to both sides
        return 1.0 - math.comb(n, fewer) / 2 ** (n + 1) if n else 1.0
    at_most = sum(math.comb(n, k) for k in range(fewer + 1))
    return float((2 * at_most - math.comb(n, fewer)) / 2**n)


def difference(
    first: Sequence[float], second: Sequence[float], *, share: bool = True
) -> Difference:
    """The second's mean less the first's, of at least one pair; `share` as for `mean`."""
    pairs = list(zip(first, second, strict=True))
    by = [after - before for before, after in pairs]
    n, won, lost = len(by), sum(each > 0 for each in by), sum(each < 0 for each in by)
    error = _error(by)
    if share and _binary(first) and _binary(second):
        low, high = _bonett_price(won, lost, n)
        p = mid_p(won, lost)
    else:
        low, high = _ends(_resampled(by, statistics.fmean))
        p = _swapped(pairs, lambda drawn: sum(after - before for before, after in drawn), RESAMPLES)
    means = statistics.fmean(first), statistics.fmean(second)
    return Difference(n, *means, statistics.fmean(by), error, low, high, p, won, lost)


def difference_over_all(
    first: Sequence[T], second: Sequence[T], number: Callable[[Sequence[T]], float]
) -> Difference:
    """Likewise, for a number that comes of all items together."""
    pairs = list(zip(first, second, strict=True))

    def apart(drawn: Sequence[tuple[T, T]]) -> float:
        return number([after for _, after in drawn]) - number([before for before, _ in drawn])

    it, p = over_all(pairs, apart), _swapped(pairs, apart, FEWER)
    return Difference(it.n, number(first), number(second), it.value, it.error, it.low, it.high, p)


def _error(values: Sequence[float]) -> float:
    """The standard error of the mean; nothing is known of it from a single value."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _binary(values: Sequence[float]) -> bool:
    return all(value in (0, 1) for value in values)


def _bonett_price(won: int, lost: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a difference of paired shares."""
    up, down = (won + 1) / (n + 2), (lost + 1) / (n + 2)
    half = Z * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    return max(-1.0, up - down - half), min(1.0, up - down + half)


def _quotient(pairs: Sequence[tuple[float, float]]) -> float:
    bottom = sum(bottom for _, bottom in pairs)
    return sum(top for top, _ in pairs) / bottom if bottom else math.nan


def _resampled(
    items: Sequence[T], number: Callable[[Sequence[T]], float], resamples: int = RESAMPLES
) -> list[float]:
    """The number of as many items drawn with replacement, many times, in order; the same draws
    for as many items. What cannot be computed of some draws is left out."""
    draw = random.Random(0)
    found = (number(draw.choices(items, k=len(items))) for _ in range(resamples))
    return sorted(value for value in found if not math.isnan(value))


def _ends(drawn: Sequence[float]) -> tuple[float, float]:
    """What the middle 95 % of sorted values lie between."""
    if not drawn:
        return math.nan, math.nan
    edge = round(0.025 * (len(drawn) - 1))
    return drawn[edge], drawn[-1 - edge]


def _swapped(
    pairs: Sequence[tuple[T, T]], apart: Callable[[Sequence[tuple[T, T]]], float], resamples: int
) -> float:
    """How often the two sides are as far apart as they are, or farther, when each pair's are
    swapped by chance; never quite 0."""
    draw, found = random.Random(0), abs(apart(pairs))
    farther = 0
    for _ in range(resamples):
        bits = draw.getrandbits(len(pairs))
        drawn = [pair[::-1] if bits >> at & 1 else pair for at, pair in enumerate(pairs)]
        farther += abs(apart(drawn)) >= found - 1e-12 * found
    return (farther + 1) / (resamples + 1)
