"""What is worth sampling: cells, how many samples, how hot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.rl import edge
from localai.rl.edge import Cell, Rate

EASY, MIDDLE, HARD, HOPELESS = (Cell("sums", level) for level in range(1, 5))
RATES = {EASY: Rate(16, 16), MIDDLE: Rate(8, 16), HARD: Rate(2, 16), HOPELESS: Rate(0, 16)}


def test_only_what_is_right_sometimes_is_at_the_edge() -> None:
    assert edge.chosen(RATES, 6) == [MIDDLE, HARD]


def test_where_samples_differ_most_comes_first() -> None:
    assert edge.chosen(RATES, 1) == [MIDDLE]


def test_up_to_half_are_the_users_own_and_more_where_others_are_few() -> None:
    bills, keys, known = (Cell(f"own-{name}", 0) for name in ("bills", "keys", "known"))
    own = {bills: Rate(1, 16), keys: Rate(2, 16), known: Rate(16, 16)}
    assert edge.chosen(RATES | own, 2) == [keys, MIDDLE]
    assert edge.chosen(RATES | own, 4) == [keys, bills, MIDDLE, HARD]
    assert edge.chosen({MIDDLE: Rate(8, 16)} | own, 2) == [keys, MIDDLE]
    assert edge.chosen(own, 2) == [keys, bills]


def test_what_is_mastered_goes_on_in_the_next_level() -> None:
    offered = {EASY, MIDDLE, HARD}
    assert edge.mastered({EASY: Rate(16, 16)}, offered) == [MIDDLE]
    assert edge.mastered(RATES, offered) == []  # that was tried
    assert edge.mastered({HARD: Rate(16, 16)}, offered) == []  # there is no such level
    assert edge.mastered({EASY: Rate(10, 16)}, offered) == []


@pytest.mark.parametrize(
    ("rate", "count"),
    [(Rate(16, 16), 8), (Rate(4, 16), 8), (Rate(2, 16), 16), (Rate(1, 16), 32), (Rate(0, 16), 32)],
)
def test_rarer_answers_take_more_samples(rate: Rate, count: int) -> None:
    assert edge.samples(rate) == count


def test_sampling_gets_cooler_where_little_is_right_and_hotter_where_all_say_the_same() -> None:
    assert edge.temperature(0.8, 0.05, 0.2) == 0.7
    assert edge.temperature(0.8, 0.75, 0.8) == 0.9
    assert edge.temperature(0.8, 0.4, 0.8) == 0.8


@given(st.floats(0.1, 2.0), st.floats(0, 1), st.floats(0, 1))
def test_the_temperature_stays_within_bounds(now: float, one: float, many: float) -> None:
    assert edge.COOLEST <= edge.temperature(now, one, many) <= edge.HOTTEST


@given(st.lists(st.tuples(st.sampled_from([EASY, HARD]), st.booleans())))
def test_rates_count_everything(answers: list[tuple[Cell, bool]]) -> None:
    found = edge.rates(answers)
    assert sum(rate.n for rate in found.values()) == len(answers)
    assert sum(rate.right for rate in found.values()) == sum(right for _, right in answers)
