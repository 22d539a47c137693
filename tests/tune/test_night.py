"""A tune that also learns from its own right answers: what is tried, in which order, for what."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai import paths
from localai.rl.round import example
from localai.tune import training
from localai.tune.job import NOT_BETTER
from localai.tune.plan import ADAPTER, Plan, Trained
from tests.rl.attempts import SUM
from tests.tune.nights import Nights
from tests.tune.tunes import teach


def test_its_own_answers_alone_can_be_learned(nights: Nights) -> None:
    run = nights.tune(True)
    assert run.state == "promoted"
    assert run.plan["targets"] == ["reasoning"]
    assert run.plan["cells"] == [{"kind": "sums", "level": 2}]
    assert nights.plans == []


def test_nothing_that_helps_is_told(nights: Nights) -> None:
    run = nights.tune(helps=False)
    assert run.verdict
    assert (run.state, run.verdict["reason"]) == ("rejected", NOT_BETTER)


def test_what_was_found_comes_along_with_corrections(nights: Nights) -> None:
    teach(nights.store, "Hello")
    run = nights.tune(True)
    assert run.state == "promoted"
    assert run.plan["targets"] == ["corrections"]
    assert run.plan["cells"] == [{"kind": "sums", "level": 2}]
    assert nights.plans == []


def test_corrections_alone_are_tried_where_all_together_was_not_let_in(nights: Nights) -> None:
    teach(nights.store, "Hello")
    run = nights.tune(False, True)
    assert run.state == "promoted"
    assert (run.plan["targets"], run.plan["cells"]) == (["corrections"], [])
    assert len(nights.plans) == 1
    assert run.verdict
    assert run.verdict["together"]["reason"] == "Judged."
    report = (paths.reports() / f"{run.id}.md").read_text("utf-8")
    assert "which was tried first, it was refused: Judged." in report


def test_corrections_are_learned_where_nothing_was_found(nights: Nights) -> None:
    teach(nights.store, "Hello")
    assert nights.tune(True, helps=False).state == "promoted"
    assert len(nights.plans) == 1


def test_what_an_active_adapter_found_is_learned_again(nights: Nights) -> None:
    first = nights.tune(True)
    teach(nights.store, "Hello")
    second = nights.tune(True, rl=False)
    assert second.plan["earlier"] == [first.id]
    (plan,) = nights.plans
    assert example(SUM) in plan.own
    teach(nights.store, "Good evening")
    assert nights.tune(True).plan["earlier"] == [first.id, second.id]


def test_corrections_alone_are_tried_with_what_earlier_nights_found(nights: Nights) -> None:
    nights.tune(True)
    teach(nights.store, "Hello")
    nights.tune(False, True)
    (plan,) = nights.plans
    assert plan.own.count(example(SUM)) == 1


def test_what_was_not_let_in_is_not_learned_later(nights: Nights) -> None:
    teach(nights.store, "Hello")
    nights.tune(False, True)
    teach(nights.store, "Good evening")
    later = nights.tune(True, rl=False)
    assert later.plan["earlier"]
    assert example(SUM) not in nights.plans[-1].own


def test_a_round_that_went_wrong_is_in_the_verdict(nights: Nights) -> None:
    teach(nights.store, "Hello")
    run = nights.tune(True, trouble="It died")
    assert run.verdict
    assert (run.verdict["trouble"], run.verdict["round"]) == ("It died", 1)
    report = (paths.reports() / f"{run.id}.md").read_text("utf-8")
    assert "since the next one went wrong: It died." in report


def test_each_night_leaves_a_report(nights: Nights) -> None:
    run = nights.tune(True)
    report = (paths.reports() / f"{run.id}.md").read_text("utf-8")
    assert "tuned-1" in report
    teach(nights.store, "Hello")
    refused = nights.tune(False, False)
    assert (paths.reports() / f"{refused.id}.html").exists()


def test_an_adapter_that_cannot_be_used_is_refused(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(nights.store, "Hello")

    def spoiled(folder: Path, plan: Plan, *_: object) -> Trained:
        (folder / ADAPTER).write_bytes(b"nonsense")
        return Trained(1, "cpu", "t")

    monkeypatch.setattr(training, "train", spoiled)
    run = nights.tune(rl=False)
    assert run.verdict
    assert (run.state, run.verdict["stage"]) == ("rejected", "files")
