"""The best number of sequences is found for any machine, and not overshot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.engine.width import GAIN, Width

STEPS = 400


def settled(seconds: Callable[[int], float], most: int) -> int:
    """Where it stays on a machine whose steps take so long."""
    width = Width(most)
    for _ in range(STEPS):
        assert 1 <= width.best <= most
        width.took(width.best, seconds(width.best))
    return width.best


def flat_from(knee: int) -> Callable[[int], float]:
    """Reading the weights is all until `knee` sequences, then each costs as much."""
    return lambda n: max(1.0, n / knee)


@pytest.mark.parametrize(("knee", "best"), [(1, 4), (8, 8), (16, 16), (32, 32), (500, 64)])
def test_it_stops_where_more_sequences_bring_nothing(knee: int, best: int) -> None:
    assert settled(flat_from(knee), 64) == best


def test_it_stays_below_where_wide_batches_get_slower() -> None:
    assert settled(lambda n: max(1.0, (n / 16) ** 1.5), 64) == 16


@given(st.lists(st.floats(0.5, 50), min_size=5, max_size=5), st.integers(1, 64))
def test_no_neighbour_is_clearly_faster_than_where_it_settles(
    costs: list[float], most: int
) -> None:
    def seconds(n: int) -> float:
        return costs[min(4, n.bit_length() // 2)] * n**0.5

    best = settled(seconds, most)
    for other in (best // 2, min(2 * best, most)):
        if 4 <= other != best:
            assert other / seconds(other) <= GAIN * GAIN * best / seconds(best)


def test_steps_of_another_width_say_nothing() -> None:
    width = Width(64)
    before = width.best
    for _ in range(STEPS):
        width.took(before - 1, 1.0)
    assert width.best == before
