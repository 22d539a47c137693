"""Nights that were cut off, had no time, or have others before them: what the next tune does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from localai.errors import EngineError, UsageError
from localai.store.store import Store
from localai.tune import made_sets
from localai.tune.reporting import Tell
from localai.tune.serving import Serving
from localai.tune_process import Stopped
from tests.tune.nights import SECONDS, Nights
from tests.tune.tunes import teach

NO_TIME = "no time left for training"


def test_without_time_it_says_so_and_can_be_gone_on_with(nights: Nights) -> None:
    teach(nights.store, "Hello")
    for rl in (True, False):
        with nights.stopped(NO_TIME):
            nights.tune(rl=rl, helps=False)
    assert [run.state for run in nights.store.runs()] == ["stopped", "stopped"]
    assert nights.plans == []
    assert nights.tune(True, rl=False).state == "promoted"
    (plan,) = nights.plans
    assert plan.options.seconds == pytest.approx(0.7 * SECONDS)


def test_what_was_refused_is_not_made_again_by_whoever_goes_on(nights: Nights) -> None:
    teach(nights.store, "Hello")
    with nights.stopped(NO_TIME):
        nights.tune(False)
    (stopped,) = nights.store.runs()
    assert nights.rounds == 1
    run = nights.tune(True)
    assert (run.id, run.state, nights.rounds) == (stopped.id, "promoted", 1)
    assert run.verdict
    assert run.verdict["together"]["reason"] == "Judged."
    assert len(nights.plans) == 1
    with pytest.raises(UsageError, match="Nothing is new"):
        nights.tune()


def test_a_tune_by_day_is_over_once_a_night_has_learned_the_same(nights: Nights) -> None:
    teach(nights.store, "Hello")
    with nights.interrupted(KeyboardInterrupt()):
        nights.tune(rl=False)
    nights.tune(True)
    with pytest.raises(UsageError, match="Nothing is new"):
        nights.tune(rl=False)


def test_by_day_nothing_is_new_after_a_night(nights: Nights) -> None:
    teach(nights.store, "Hello")
    nights.tune(True)
    with pytest.raises(UsageError, match="Nothing is new"):
        nights.tune(rl=False)
    assert nights.tune(True, rl=False, resume=False).state == "promoted"
    assert nights.tune(True).state == "promoted"


def test_other_problems_of_ones_own_are_new_at_night(
    nights: Nights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.jsonl"
    monkeypatch.setenv("LOCALAI_TUNE__PROBLEMS", json.dumps([str(mine)]))
    with pytest.raises(UsageError, match=r"mine\.jsonl cannot be read"):
        nights.tune()
    assert nights.store.runs() == ()
    for number in (1, 2):
        with mine.open("a", encoding="utf-8") as file:
            file.write(f'{{"question": "Half of {8 * number}?", "answer": {4 * number}}}\n')
        assert nights.tune(True).state == "promoted"
        with pytest.raises(UsageError, match="Nothing is new"):
            nights.tune()
    teach(nights.store, "Hello")
    assert nights.tune(True, rl=False).state == "promoted"


def test_a_tune_by_day_leaves_the_night_to_be_gone_on_with(nights: Nights) -> None:
    teach(nights.store, "Hello")
    with nights.interrupted(Stopped("Its time is over.")):
        nights.tune(helps=False)
    (night,) = nights.store.runs()
    assert (night.state, night.error) == ("stopped", "Its time is over.")
    assert nights.tune(True, rl=False).id != night.id
    assert nights.tune(True, helps=False, resume=True).id == night.id


def test_what_a_run_makes_first_is_a_part_of_it(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state is seen meanwhile, it can be stopped, and what goes wrong is told."""
    seen = list[str]()

    def make(store: Store, serving: Serving, name: str, tell: Tell) -> None:
        seen.extend(run.state for run in store.runs())
        if len(seen) == 1:
            raise EngineError("It died.")
        teach(store, "Who was Brelo Tand?", name)

    monkeypatch.setattr(made_sets, "complete", make)
    with pytest.raises(EngineError):
        nights.tune(rl=False, name="abstention")
    (failed,) = nights.store.runs()
    assert (failed.state, failed.error) == ("failed", "It died.")
    assert nights.tune(True, rl=False, name="abstention").state == "promoted"
    assert seen == ["running", "running", "failed"]
    assert len(nights.store.runs()) == 2
