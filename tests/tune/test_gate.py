"""The gate's arithmetic against numbers made by hand, and how it asks."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.conversation import user
from localai.engine.base import BARE, AdapterFile, Beside, TokenProbability
from localai.engine.scripted import ScriptedEngine
from localai.evals.items import Item
from localai.evals.task import Answer
from localai.tune import gate, items
from localai.tune.gate import Pool, Verdict
from tests.lessons.made import lesson
from tests.tune.test_items import asks

YES, NO = Answer(text="yes"), Answer(text="no")


def verdict(**pools: Sequence[tuple[int, int]]) -> Verdict:
    """Of pools of (right before, right after)."""
    asked = [
        Item(name, (user(f"{name} {at}?"),), lambda answer: answer.text == "yes")
        for name, pairs in pools.items()
        for at in range(len(pairs))
    ]
    flat = [pair for pairs in pools.values() for pair in pairs]
    before, after = ([(NO, YES)[pair[at]] for pair in flat] for at in (0, 1))
    return gate.judge(asked, before, after)


def pool(name: str, pairs: Sequence[tuple[int, int]]) -> Pool:
    return verdict(**{name: pairs}).pools[0]


WON, LOST, KEPT, NEVER = (0, 1), (1, 0), (1, 1), (0, 0)


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
    assert gate.sign_test(won, lost) == pytest.approx(p)


@given(st.integers(0, 60), st.integers(0, 60))
def test_sign_test_is_a_probability_that_falls_with_each_win(won: int, lost: int) -> None:
    p = gate.sign_test(won, lost)
    assert 0 < p <= 1
    assert gate.sign_test(won + 1, lost) <= p <= gate.sign_test(won, lost + 1)


def test_corrections_must_win_beyond_chance() -> None:
    assert pool("corrections", [WON] * 5 + [NEVER] * 5).passed
    assert not pool("corrections", [WON] * 4 + [NEVER] * 6).passed
    assert not pool("corrections", [WON] * 5 + [LOST] * 1 + [KEPT] * 9).passed
    assert not pool("corrections", [KEPT] * 10).passed


@pytest.mark.parametrize(
    ("n", "lost", "won", "passed"),
    [
        (40, 2, 0, True),
        (40, 3, 0, False),
        (40, 3, 1, True),
        (10, 1, 0, True),
        (10, 2, 0, False),
        (100, 5, 0, True),
        (100, 6, 0, False),
    ],
)
def test_general_items_may_be_lost_up_to_the_tolerance(
    n: int, lost: int, won: int, passed: bool
) -> None:
    found = pool("general", [LOST] * lost + [WON] * won + [KEPT] * (n - lost - won))
    assert (found.n, found.lost, found.won, found.passed) == (n, lost, won, passed)
    assert found.current == pytest.approx((n - won) / n)
    assert found.candidate == pytest.approx((n - lost) / n)


def passes(loss: float, tables: int = 400) -> float:
    """Share of simulated general pools that pass. Three of four answers are right before;
    one in 15 of them turns by chance, and as many of the wrong ones do; `loss` of what was
    right is lost besides."""
    dice, turn, share = random.Random(7), 1 / 15, 3 / 4
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
    assert passes(0.0) > 0.93
    assert 0.1 < passes(0.1) < 0.4
    assert passes(0.2) < 0.03


@pytest.mark.parametrize(
    ("pair", "nats", "won", "lost"),
    [
        (LOST, -0.7, 0, 1),
        (LOST, -0.6, 0, 0),
        (LOST, 2.0, 0, 0),
        (WON, 0.7, 1, 0),
        (WON, 0.6, 0, 0),
        (WON, -2.0, 0, 0),
    ],
)
def test_what_turned_by_a_hair_is_taken_as_it_was(
    pair: tuple[int, int], nats: float, won: int, lost: int
) -> None:
    asked = [
        Item("general", (user(f"{at}?"),), lambda answer: answer.text == "yes") for at in (0, 1)
    ]
    before, after = ((NO, YES)[pair[at]] for at in (0, 1))
    found = gate.judge(asked, (before, YES), (after, YES), {0: nats}).pools[0]
    assert (found.won, found.lost, found.close) == (won, lost, 1 - won - lost)
    assert found.candidate - found.current == (won - lost) / 2


class Weighing(ScriptedEngine):
    """Finds each right answer as likely as told, by the adapter in force."""

    def __init__(self, *replies: str, tuned: str, likely: dict[str, float]) -> None:
        super().__init__(replies, tuned={"x": tuned})
        self._likely = likely

    def probabilities(
        self, ids: Sequence[int], start: int, beside: Beside | None = None
    ) -> tuple[TokenProbability, ...]:
        return (TokenProbability(0, "", self._likely[self.load().adapter]),)


@pytest.mark.parametrize(("likely", "lost"), [(0.1, 1), (0.45, 0)])
def test_an_answer_is_lost_when_the_right_one_became_unlikely(likely: float, lost: int) -> None:
    engine = Weighing("Yes, Rome.", "Oslo.", tuned="No. Oslo.", likely={"": 0.5, "x": likely})
    asked = [
        Item("general", (user("1?"),), lambda answer: "Rome" in answer.text),
        Item("general", (user("2?"),), lambda answer: "Oslo" in answer.text),
    ]
    said: list[str] = []

    def tell(what: str) -> gate.Tell:
        said.append(what)
        return lambda done, total: None

    found = gate.compare(engine, asked, BARE, AdapterFile("new", "x"), tell)
    (pool,) = found.pools
    assert (pool.lost, pool.close, pool.won) == (lost, 1 - lost, 0)
    assert [each.get("close", False) for each in found.answers] == [not lost, False]
    assert ("1 more turned by a hair" in pool.tolerance) is (lost == 0)
    assert said == ["asking the present model", "asking the new model"]
    assert engine.load().adapter == ""


@given(st.lists(st.sampled_from([WON, LOST, KEPT, NEVER]), min_size=1, max_size=50))
def test_the_standard_error_is_that_of_paired_differences(pairs: list[tuple[int, int]]) -> None:
    differences = [after - before for before, after in pairs]
    mean = sum(differences) / len(pairs)
    variance = sum((each - mean) ** 2 for each in differences) / len(pairs)
    assert pool("general", pairs).se == pytest.approx(math.sqrt(variance / len(pairs)))


def test_the_verdict_says_what_failed_first() -> None:
    learned, forgot = [WON] * 8, [LOST] * 10 + [KEPT] * 30
    good = verdict(corrections=learned, general=[KEPT] * 40)
    assert good.promoted
    assert "were learned" in good.reason
    lost = verdict(corrections=learned, general=forgot)
    assert not lost.promoted
    assert "10 of 40 questions (general)" in lost.reason
    assert "at most 2" in lost.reason
    neither = verdict(corrections=[NEVER] * 8, general=forgot)
    assert not neither.promoted
    assert "not learned well enough: 0 held-out questions won, 0 lost of 8" in neither.reason
    assert [each.name for each in neither.pools] == ["corrections", "general"]
    assert all(each.reason.endswith(".") for each in (good, lost, neither))


def test_without_corrections_nothing_is_promoted() -> None:
    found = verdict(**{"good answers": [KEPT] * 8, "general": [KEPT] * 40})
    assert all(pool.passed for pool in found.pools)
    assert not found.promoted
    assert "Nothing that was corrected was asked" in found.reason


def test_every_answer_is_kept() -> None:
    kept = verdict(corrections=[WON], general=[LOST]).answers
    assert kept[0] == {
        "pool": "corrections",
        "question": "corrections 0?",
        "current": {"text": "no", "right": False},
        "candidate": {"text": "yes", "right": True},
    }
    assert kept[1]["pool"] == "general"


def test_answers_are_greedy_and_reported() -> None:
    engine = ScriptedEngine(["First.", "Second one."])
    asked = asks([lesson("It is Minka.")], "")[:2]
    told: list[tuple[int, int]] = []
    found = gate.answers(engine, asked, lambda done, total: told.append((done, total)))
    assert [(each.text, each.ended) for each in found] == [("First.", True), ("Second one.", True)]
    assert ["".join(engine.pieces(each.ids)) for each in found] == ["First.", "Second one."]
    assert told == [(0, 2), (1, 2)]
    assert all(request.sampling.temperature == 0 for request in engine.requests)


def test_an_answer_without_end_is_cut() -> None:
    engine = ScriptedEngine([" ".join(random.Random(1).choices("abc", k=500))])
    (found,) = gate.answers(engine, asks([lesson("x")], "")[:1], lambda done, total: None)
    assert not found.ended
    assert len(found.text.split()) <= gate.LONGEST_ANSWER
