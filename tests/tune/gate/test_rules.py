"""The gate's tests against numbers made by hand, exact ones, and what must hold of any."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.tune.gate import rules
from localai.tune.gate.rules import CHANCE, holm, more_than, not_more, not_worse, sign_test

SHARES = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("won", "lost", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1 / 2),
        (5, 0, 1 / 32),
        (4, 0, 1 / 16),
        (7, 1, 9 / 256),
        (3, 3, 42 / 64),
        (0, 4, 1.0),
    ],
)
def test_sign_test(won: int, lost: int, p: float) -> None:
    assert sign_test(won, lost) == pytest.approx(p)


@pytest.mark.parametrize(
    ("count", "n", "p"), [(0, 10, 1.0), (1, 2, 0.0975), (3, 10, 0.0115), (5, 40, 0.0480)]
)
def test_more_than_a_share(count: int, n: int, p: float) -> None:
    assert more_than(0.05, count, n) == pytest.approx(p, abs=1e-4)


def test_more_than_a_share_of_very_many() -> None:
    assert more_than(0.05, 5000, 5000) == pytest.approx(0.0, abs=1e-9)
    assert more_than(0.05, 1, 5000) == pytest.approx(1.0)


@given(st.integers(0, 60), st.integers(0, 60))
def test_sign_test_is_a_probability_that_falls_with_each_win(won: int, lost: int) -> None:
    p = sign_test(won, lost)
    assert 0 < p <= 1
    assert sign_test(won + 1, lost) <= p <= sign_test(won, lost + 1)


def test_holm_by_hand() -> None:
    """Four decisions: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04, which is no less than that."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == ()
    assert holm([0.04]) == (0.04,)
    assert holm([0.6, 0.7]) == (1.0, 1.0)


@given(st.lists(SHARES, min_size=1, max_size=12))
def test_holm_lies_between_no_correction_and_bonferroni(ps: list[float]) -> None:
    found = holm(ps)
    for p, adjusted in zip(ps, found, strict=True):
        assert p <= adjusted <= min(1.0, len(ps) * p)
    order = sorted(range(len(ps)), key=lambda at: ps[at])
    assert all(found[one] <= found[other] for one, other in pairwise(order))
    assert min(found) == pytest.approx(min(1.0, len(ps) * min(ps)))


@given(st.lists(SHARES, min_size=2, max_size=8))
def test_all_pass_exactly_where_each_passes_at_its_own_rank(ps: list[float]) -> None:
    ranks = enumerate(sorted(ps))
    by_hand = all(p * (len(ps) - rank) < CHANCE for rank, p in ranks)
    assert (max(holm(ps)) < CHANCE) is by_hand


def test_tango_by_hand() -> None:
    """Nothing turned: the share that is lost at the margin is all that there is."""
    at = -0.1 / math.sqrt(0.1 * 0.9 / 100)
    assert not_worse(0, 0, 100, 0.1) == pytest.approx(0.5 * math.erfc(-at / math.sqrt(2)))
    assert not_worse(0, 10, 100, 0.1) == pytest.approx(0.5)


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 80), st.floats(0.02, 0.5))
def test_what_was_kept_is_surer_with_wins_and_wider_margins(
    won: int, lost: int, same: int, margin: float
) -> None:
    n = won + lost + same
    p = not_worse(won, lost, n, margin)
    assert 0 <= p <= 1
    assert not_worse(won, lost + 1, n + 1, margin) >= p - 1e-9
    assert not_worse(won, lost, n, margin + 0.05) <= p + 1e-9


@pytest.mark.parametrize(("n", "margin", "turned"), [(160, 0.1, 0.08), (120, 0.15, 0.1)])
def test_a_loss_of_the_margin_seldom_passes(n: int, margin: float, turned: float) -> None:
    """By drawing tables where just so much was lost."""
    dice, passed, tables = random.Random(3), 0, 2000
    won = (turned - margin) / 2 if turned > margin else 0.0
    for _ in range(tables):
        drawn = dice.choices("wlk", (won, won + margin, 1 - 2 * won - margin), k=n)
        passed += not_worse(drawn.count("w"), drawn.count("l"), n, margin) < CHANCE
    assert passed / tables <= 0.06


def test_a_number_that_rose_by_the_margin_seldom_passes() -> None:
    dice, passed = random.Random(5), 0
    for _ in range(60):
        passed += not_more([dice.gauss(0.25, 0.3) for _ in range(40)], 0.25) < CHANCE
    assert passed <= 7
    assert not_more([dice.gauss(0.0, 0.3) for _ in range(40)], 0.25) < 0.001
    assert not_more([0.3] * 40, 0.25) == pytest.approx(1.0)


@pytest.mark.parametrize(("won", "lost"), [(0.5, 0.05), (0.3, 0.05), (0.2, 0.05)])
def test_so_many_questions_find_a_gain_four_times_in_five(won: float, lost: float) -> None:
    n, dice, found = rules.needed_to_win(won, lost), random.Random(1), 0
    for _ in range(1500):
        drawn = dice.choices("wlk", (won, lost, 1 - won - lost), k=n)
        found += sign_test(drawn.count("w"), drawn.count("l")) < CHANCE
    assert 0.7 < found / 1500 < 0.9


def test_where_nothing_is_gained_no_number_of_questions_helps() -> None:
    assert rules.needed_to_win(0.1, 0.1) == 0
    assert rules.needed_to_keep(0.1, turned=0.2, loss=0.1) == 0
    assert rules.needed_to_stay(0.25, [0.3, 0.2, 0.25]) == 0


@given(st.floats(0.05, 0.3), st.floats(0.0, 0.5))
def test_more_is_needed_for_less_margin_and_more_that_turns(margin: float, turned: float) -> None:
    n = rules.needed_to_keep(margin, turned=turned)
    assert n >= rules.needed_to_keep(margin + 0.05, turned=turned)
    assert n <= rules.needed_to_keep(margin, turned=turned + 0.1)
