"""Errors and intervals that are known, and how often the comparison of two models is right."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.evals import stats

N = 400
"""Items of a comparison."""

BETTER, WORSE = 0.085, 0.035
"""Shares of items that the second model wins and loses: 5 points apart, 12 % differ."""

RUNS = 200


def simulated(won: float, lost: float, seed: int) -> stats.Difference:
    """Two models on the same items, of which these shares differ by chance."""
    draw = random.Random(seed)
    first, second = list[float](), list[float]()
    for _ in range(N):
        luck = draw.random()
        before = 0.0 if luck < won else 1.0 if luck < won + lost else float(draw.random() < 0.6)
        first.append(before)
        second.append(1.0 - before if luck < won + lost else before)
    return stats.difference(first, second)


def exact(won: float, lost: float) -> float:
    """How often the comparison finds a difference: over all outcomes, each by its chance."""
    found, most = 0.0, round(2.5 * N * (won + lost))
    rest = 1 - won - lost
    for a in range(most):
        for b in range(most - a):
            ways = math.lgamma(N + 1) - sum(math.lgamma(k + 1) for k in (a, b, N - a - b))
            chance = ways + a * math.log(won) + b * math.log(lost) + (N - a - b) * math.log(rest)
            if chance > -40 and stats.mid_p(a, b) < stats.SIGNIFICANT:
                found += math.exp(chance)
    return found


def test_a_difference_of_five_points_is_found() -> None:
    found = [simulated(BETTER, WORSE, seed) for seed in range(RUNS)]
    assert sum(each.p < stats.SIGNIFICANT for each in found) >= 0.8 * RUNS
    assert sum(each.low <= 0.05 <= each.high for each in found) >= 0.93 * RUNS
    assert exact(BETTER, WORSE) == pytest.approx(0.837, abs=0.001)


def test_it_does_not_cry_wolf() -> None:
    same = [simulated(0.06, 0.06, seed) for seed in range(RUNS)]
    assert sum(each.p < stats.SIGNIFICANT for each in same) <= 0.05 * RUNS
    assert exact(0.06, 0.06) == pytest.approx(0.0493, abs=0.0001)
    for share, found in ((0.01, 0.0376), (0.02, 0.0460), (0.04, 0.0457)):
        assert exact(share, share) == pytest.approx(found, abs=0.0001)


@pytest.mark.parametrize(
    ("won", "lost", "p"),
    [
        # 1 and 6 discordant pairs: twice (1 + 7) / 128, less 7 / 128.
        (6, 1, 9 / 128),
        (1, 6, 9 / 128),
        (0, 0, 1.0),
        (1, 1, 0.75),
        (5, 0, 1 / 32),
    ],
)
def test_mid_p_of_small_tables(won: int, lost: int, p: float) -> None:
    assert stats.mid_p(won, lost) == pytest.approx(p)


@given(st.integers(0, 40), st.integers(0, 40))
def test_mid_p_is_a_chance_and_fair(won: int, lost: int) -> None:
    assert 0 < stats.mid_p(won, lost) <= 1
    assert stats.mid_p(won, lost) == stats.mid_p(lost, won)
    assert stats.mid_p(won + 1, lost) <= stats.mid_p(won, lost) or won < lost


def test_a_share_has_wilsons_interval() -> None:
    found = stats.mean([1.0] * 8 + [0.0] * 2)
    assert (found.n, found.value) == (10, 0.8)
    assert found.error == pytest.approx(math.sqrt(0.8 * 0.2 / 9))
    assert found.low == pytest.approx(0.4902, abs=1e-4)
    assert found.high == pytest.approx(0.9433, abs=1e-4)
    assert stats.mean([1.0]) == stats.Estimate(1, 1.0, 0.0, *stats.wilson(1, 1))
    assert stats.wilson(0, 20)[0] == 0.0


def test_the_bootstrap_covers_what_is_true() -> None:
    draw = random.Random(3)
    covered = 0
    for _ in range(60):
        found = stats.over_all([draw.gauss(10, 2) for _ in range(60)], statistics.fmean)
        covered += found.low <= 10 <= found.high
        assert found.error == pytest.approx(2 / math.sqrt(60), rel=0.4)
    assert covered >= 53


def test_what_is_no_share_is_drawn_again() -> None:
    values = [1.0, 2.0, 4.0, 8.0] * 25
    found = stats.mean(values)
    assert found.error == pytest.approx(statistics.stdev(values) / 10)
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * stats.Z * found.error, rel=0.1)
    assert found == stats.mean(values)
    better = stats.difference(values, [value + 0.5 for value in values[:50]] + values[50:])
    assert (better.value, better.won, better.lost) == (0.25, 50, 0)
    assert better.p < 0.01
    assert stats.difference(values, values).p == 1.0
    assert stats.difference([1.0, 1.0, 1.0], [2.0, 3.0, 4.0]).p > 0.2  # one of four ways


def test_tokens_for_each_right_answer() -> None:
    found = stats.ratio([10.0, 20.0, 30.0], [1.0, 0.0, 1.0])
    assert found is not None
    assert (found.n, found.value) == (3, 30.0)
    assert found.low <= 30 <= found.high
    assert stats.ratio([10.0], [0.0]) is None


def test_numbers_over_all_items_are_compared_pair_by_pair() -> None:
    def precision(scores: Sequence[dict[str, float]]) -> float:
        called = [score["right"] for score in scores if score["called"]]
        return sum(called) / len(called) if called else math.nan

    worse = [{"called": 1.0, "right": float(at % 2)} for at in range(60)]
    better = [{"called": 1.0, "right": float(at % 4 > 0)} for at in range(60)]
    found = stats.difference_over_all(worse, better, precision)
    assert (found.first, found.second, found.n) == (0.5, 0.75, 60)
    assert found.low < 0.25 < found.high
    assert found.p < 0.05
    nothing = stats.difference_over_all([{"called": 0.0}] * 3, [{"called": 0.0}] * 3, precision)
    assert math.isnan(nothing.value)
