"""Nights that were cut off, had no time, or have others before them: what the next tune does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from localai.errors import ConfigError, EngineError, UsageError
from localai.store.discovering import Round
from localai.store.store import Store
from localai.tune import made_sets
from localai.tune.reporting import Tell
from localai.tune.serving import Serving
from localai.tune_process import Stopped
from tests.rl.attempts import SUM
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
    for rl in (True, False):
        with pytest.raises(ConfigError, match=r"tune\.problems .*mine\.jsonl cannot be read"):
            nights.tune(rl=rl)
    assert nights.store.runs() == ()
    lines = [f'{{"question": "Half of {8 * n}?", "answer": {4 * n}}}\n' for n in range(1, 13)]
    for count in (10, 12):
        mine.write_text("".join(lines[:count]), "utf-8")
        run = nights.tune(True)
        assert (run.state, len(run.plan["problems"])) == ("promoted", count)
        with pytest.raises(UsageError, match="Nothing is new"):
            nights.tune()
    mine.write_text("".join(lines[:11]), "utf-8")
    with pytest.raises(UsageError, match="Nothing is new"):
        nights.tune()
    teach(nights.store, "Hello")
    assert nights.tune(True, rl=False).state == "promoted"


def test_what_was_sampled_for_problems_that_are_gone_is_erased(nights: Nights) -> None:
    nights.tune(True)
    (run,) = nights.store.runs()
    gone = replace(SUM, problem="own-0123456789abcdef")
    nights.store.put_round(Round(run=run.id, number=1), [SUM, gone])
    teach(nights.store, "Hello")
    nights.tune(True, rl=False)
    assert nights.store.attempts(run.id, 1) == (SUM,)


def test_whoever_goes_on_tries_the_problems_of_today(
    nights: Nights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.jsonl"
    lines = [f'{{"question": "Half of {8 * n}?", "answer": {4 * n}}}\n' for n in range(1, 12)]
    monkeypatch.setenv("LOCALAI_TUNE__PROBLEMS", json.dumps([str(mine)]))
    mine.write_text("".join(lines[:10]), "utf-8")
    teach(nights.store, "Hello")
    with nights.interrupted(KeyboardInterrupt()):
        nights.tune(helps=False)
    mine.write_text("".join(lines), "utf-8")
    run = nights.tune(True, helps=False)
    assert len(nights.store.runs()) == 1
    assert len(run.plan["problems"]) == 11


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
