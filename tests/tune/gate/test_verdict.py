"""The verdict on made-up tables of answers: what lets a candidate in, and what it says."""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.tune import items
from localai.tune.gate.aim import Aim
from localai.tune.gate.verdict import Pool, Rule, Verdict, judge
from tests.tune.gate.tables import KEPT, LOST, NEVER, WON, Pair, drawn, heard

LEARNED = {"corrections": (0.6, 0.02)}


def verdict(**pools: Sequence[Pair]) -> Verdict:
    return judge([heard(name, pairs) for name, pairs in pools.items()], Aim())


def pool(name: str, pairs: Sequence[Pair]) -> Pool:
    return verdict(**{name: pairs}).pools[0]


def promoted(
    gains: Mapping[str, Pair], losses: Mapping[str, float], tables: int, first: int = 0
) -> int:
    """How many of so many simulated candidates are let in."""
    aim = Aim(tuple(gains))
    return sum(
        judge(drawn(random.Random(first + at), gains, losses), aim).promoted for at in range(tables)
    )


def test_of_200_equal_candidates_hardly_any_is_let_in() -> None:
    let_in = promoted({"corrections": (0.1, 0.1)}, {}, 66)
    let_in += promoted({"reasoning": (0.1, 0.1)}, {}, 67)
    let_in += promoted({"unknown": (0.04, 0.04)}, {}, 67)
    assert let_in <= 10


@pytest.mark.parametrize(
    "gains", [LEARNED, {"reasoning": (0.25, 0.05)}, {"unknown": (0.5, 0.02), **LEARNED}]
)
def test_of_20_better_ones_nearly_all_are_let_in(gains: Mapping[str, Pair]) -> None:
    assert promoted(gains, {}, 20) >= 18


@pytest.mark.parametrize(
    "losses",
    [{"known": 0.2}, {"hygiene": 0.25}, {"general": 0.2}, {"reasoning": 0.25}, {"retention": 0.4}],
)
def test_a_pool_that_lost_beyond_its_tolerance_keeps_a_better_one_out(
    losses: Mapping[str, float],
) -> None:
    assert promoted(LEARNED, losses, 20) == 0


def test_corrections_must_win_beyond_chance() -> None:
    assert pool("corrections", [WON] * 5 + [NEVER] * 5).passed
    assert not pool("corrections", [WON] * 4 + [NEVER] * 6).passed
    assert not pool("corrections", [WON] * 5 + [LOST] * 1 + [KEPT] * 9).passed
    assert not pool("corrections", [KEPT] * 10).passed


@pytest.mark.parametrize(
    ("n", "lost", "won", "passed"),
    [(40, 2, 0, True), (40, 3, 0, False), (40, 3, 1, True), (3, 1, 0, True), (10, 2, 0, False)],
)
def test_of_what_was_learned_before_few_may_be_lost(
    n: int, lost: int, won: int, passed: bool
) -> None:
    found = pool("learned before", [LOST] * lost + [WON] * won + [KEPT] * (n - lost - won))
    assert (found.n, found.lost, found.won, found.passed) == (n, lost, won, passed)
    assert found.current == pytest.approx((n - won) / n)
    assert found.candidate == pytest.approx((n - lost) / n)
    assert (found.p, found.adjusted) == (None, None)


def passes(loss: float, tables: int = 150) -> float:
    """Share of simulated general pools that pass alone. Three of four answers are right before;
    one in 50 of them turns by chance, and as many of the wrong ones do; `loss` of what was
    right is lost besides."""
    dice, turn, share = random.Random(7), 1 / 50, 3 / 4
    passed = 0
    for _ in range(tables):
        pairs = []
        for _ in items.general(""):
            was = dice.random() < share
            turned = dice.random() < (turn + loss if was else turn * share / (1 - share))
            pairs.append((int(was), int(was != turned)))
        passed += pool("general", pairs).passed
    return passed / tables


def test_chance_alone_seldom_stops_an_adapter_and_real_loss_does() -> None:
    assert passes(0.0) > 0.97
    assert 0.1 < passes(0.1) < 0.6
    assert passes(0.2) < 0.03


@given(st.lists(st.sampled_from([WON, LOST, KEPT, NEVER]), min_size=2, max_size=50))
def test_the_error_is_that_of_paired_differences(pairs: list[Pair]) -> None:
    found = pool("general", pairs)
    differences = [after - before for before, after in pairs]
    assert found.se == pytest.approx(statistics.stdev(differences) / len(pairs) ** 0.5)
    assert found.low - 1e-9 <= found.high
    assert found.low <= found.candidate - found.current + 0.1


@given(
    st.lists(st.sampled_from([WON, LOST, KEPT, NEVER]), min_size=1, max_size=40),
    st.lists(st.sampled_from([WON, LOST, KEPT, NEVER]), min_size=1, max_size=80),
)
def test_it_is_let_in_exactly_where_every_pool_passed(own: list[Pair], other: list[Pair]) -> None:
    found = verdict(corrections=own, general=other)
    assert found.promoted is all(each.passed for each in found.pools)
    assert all(
        each.passed is (each.adjusted is not None and each.adjusted < (0.1, 0.05)[each.target])
        for each in found.pools
    )
    assert all((each.adjusted or 0) >= (each.p or 0) for each in found.pools)


def test_of_a_number_less_is_better() -> None:
    calm = heard("retention", [(2.0, 2.0 + each / 100) for each in range(-10, 10)])
    (found,) = judge([calm], Aim()).pools
    assert (found.passed, found.unit, found.won, found.lost) == (True, "nats", 10, 9)
    (lost,) = judge([heard("retention", [(2.0, 2.5)] * 20)], Aim()).pools
    assert not lost.passed
    told = Rule("told", 0.25, "loss", unit="nats")
    (found,) = judge([heard("retention", [(2.0, 4.0)] * 20, told)], Aim()).pools
    assert (found.passed, found.p, found.tolerance) == (True, None, "told, not judged")


ALL_WON, ALL_KEPT = [WON] * 16, [KEPT] * 132


def test_the_verdict_says_what_failed_first() -> None:
    good = verdict(corrections=ALL_WON, general=ALL_KEPT)
    assert good.promoted
    assert good.reason == (
        "The corrections were learned, and nothing else was lost beyond the tolerance."
    )
    forgot = [LOST] * 30 + [KEPT] * 102
    lost = verdict(corrections=ALL_WON, general=forgot)
    assert not lost.promoted
    assert lost.reason == (
        "Too much else was lost: 30 of 132 questions (general) against 0 won (at most 12 points "
        "lost)."
    )
    neither = verdict(corrections=[NEVER] * 8, general=forgot)
    assert neither.reason == (
        "The corrections were not learned well enough: 0 held-out questions won, 0 lost of 8 "
        "(wanted: better, p < 0.05)."
    )
    assert [each.name for each in neither.pools] == ["corrections", "general"]


def test_too_little_evidence_is_told_as_that() -> None:
    few = verdict(corrections=[WON] * 4 + [NEVER] * 8, general=ALL_KEPT)
    assert few.reason == (
        "Too little evidence that it was learned (corrections): 4 won, 0 lost; 12 of about 17 "
        "examples needed."
    )
    assert few.pools[0].needed == 17
    short = verdict(corrections=ALL_WON, general=[KEPT] * 10)
    assert short.reason == (
        "Too little evidence that nothing was lost (general): 10 of about 13 questions needed, "
        "with 0 lost against 0 won."
    )
    nats = [(2.0, 2.0 + each) for each in (-2.0, 1.0, 1.5) * 6]
    told = verdict(corrections=ALL_WON, retention=nats)
    assert "Too little evidence that nothing was lost (retention): 18 of about" in told.reason


def test_a_number_that_rose_is_told_with_its_unit() -> None:
    found = verdict(corrections=ALL_WON, retention=[(2.0, 2.5)] * 40)
    assert found.reason == (
        "Too much else was lost: retention went from 2.00 to 2.50 nats (at most 0.25 nats more)."
    )


def test_other_targets_are_named() -> None:
    better = Rule("better", 0.12, "abstained")
    pools = [heard("unknown", [WON] * 20, better), heard("known", [KEPT] * 160)]
    found = judge(pools, Aim(("unknown",)))
    assert found.promoted
    assert found.targets == ("unknown",)
    assert found.reason == (
        "It became better in unknown, and nothing else was lost beyond the tolerance."
    )
    pools[0] = heard("unknown", [KEPT] * 20, better)
    assert "What is asked in unknown was not learned" in judge(pools, Aim(("unknown",))).reason


def test_without_what_it_trained_for_nothing_is_promoted() -> None:
    found = verdict(**{"good answers": [KEPT] * 8, "general": ALL_KEPT})
    assert all(pool.passed for pool in found.pools)
    assert not found.promoted
    assert "Nothing that was corrected was asked" in found.reason
    tools = judge([heard("corrections", ALL_WON)], Aim(("corrections", "tools")))
    assert not tools.promoted
    assert "Nothing could be asked about what it trained for (tools)" in tools.reason


def test_before_the_whole_was_asked_nothing_is_promoted() -> None:
    pools = [heard("corrections", ALL_WON)]
    assert judge(pools, Aim()).promoted
    assert not judge(pools, Aim(), "targets").promoted
    alarmed = judge(pools, Aim(), "whole", "It says nothing.")
    assert (alarmed.promoted, alarmed.reason) == (False, "It says nothing.")


def test_answers_are_kept_of_its_own_and_of_what_turned() -> None:
    found = verdict(
        corrections=[WON, KEPT], general=[LOST], known=[KEPT, LOST], retention=[(2.0, 1.0)]
    )
    assert [(each["pool"], each["question"]) for each in found.answers] == [
        ("corrections", "corrections 0?"),
        ("corrections", "corrections 1?"),
        ("general", "general 0?"),
        ("known", "known 1?"),
    ]
    assert found.answers[0] == {
        "pool": "corrections",
        "question": "corrections 0?",
        "current": {"text": "no", "right": False},
        "candidate": {"text": "yes", "right": True},
    }
