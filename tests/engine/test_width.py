"""The best number of sequences is found for any machine, and not overshot."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.engine.width import GAIN, START, Width

STEPS = 400


def settled(seconds: Callable[[int], float], most: int, start: int = START) -> int:
    """Where it stays on a machine whose steps take so long."""
    width = Width(most, start)
    for _ in range(STEPS):
        assert 1 <= width.best <= most
        width.took(width.best, seconds(width.best))
    return width.best


def flat_from(knee: int) -> Callable[[int], float]:
    """Reading the weights is all until `knee` sequences, then each costs as much."""
    return lambda n: max(1.0, n / knee)


@pytest.mark.parametrize(("knee", "best"), [(1, 8), (8, 8), (16, 16), (32, 32), (500, 64)])
def test_it_stops_where_more_sequences_bring_nothing(knee: int, best: int) -> None:
    assert settled(flat_from(knee), 64) == best


def test_it_stays_below_where_wide_batches_get_slower() -> None:
    assert settled(lambda n: max(1.0, (n / 16) ** 1.5), 64) == 16


@given(st.integers(1, 300), st.integers(1, 64), st.integers(1, 64), st.floats(1, 2))
def test_where_it_settles_the_double_and_the_half_are_not_clearly_faster(
    knee: int, most: int, start: int, steepness: float
) -> None:
    def seconds(n: int) -> float:
        return max(1.0, math.pow(n / knee, steepness))

    begin = min(start, most)
    best = settled(seconds, most, start)
    assert begin <= best <= most
    rate = best / seconds(best)
    assert min(2 * best, most) / seconds(min(2 * best, most)) <= GAIN * rate
    if best > begin:
        assert rate >= begin / seconds(begin)


def test_steps_of_another_width_say_nothing() -> None:
    width = Width(64)
    before = width.best
    for _ in range(STEPS):
        width.took(before - 1, 1.0)
    assert width.best == before
