"""A tune goes on with the one that was interrupted, if it would learn the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from localai.config import Settings
from localai.errors import EngineError, StoreError, UsageError
from localai.store.store import Store
from localai.tune import gate, replay, resuming, training
from localai.tune.gate import Verdict
from localai.tune.hosts import Host, Hosts
from localai.tune.parity_result import Parity
from localai.tune.plan import PLAN, Options, options
from localai.tune.workplace import work_folder
from tests.tune.tunes import Tunes, teach


@pytest.fixture
def tunes(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tunes:
    found = Tunes(store, tmp_path)
    monkeypatch.setattr(replay, "examples", lambda *_: ())
    monkeypatch.setattr(training, "train", found.train)
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.0, 0.0, 1.0, 8))
    monkeypatch.setattr(gate, "compare", lambda *_: Verdict(True, "Learned.", ()))
    teach(store, "Hello")
    return found


def test_it_is_the_same_run_with_the_same_plan(
    tunes: Tunes, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tunes.interrupted(KeyboardInterrupt())
    assert before.state == "stopped"
    store.add_metric(before.id, 1, {"loss": 2.0})
    monkeypatch.setattr(replay, "examples", _fails)
    after = tunes.tune()
    assert (after.id, after.state, after.plan) == (before.id, "promoted", before.plan)
    assert after.verdict
    assert after.verdict["resumed"]
    assert tunes.plans[0] == tunes.plans[1]
    assert store.metrics(after.id) == ((1, {"loss": 2.0}),)
    assert not work_folder(after.id).exists()


def _fails(*_: object) -> None:
    raise AssertionError("what was made already is made again")


def anew(tunes: Tunes) -> None:
    tunes.tune(resume=False)


def changed(tunes: Tunes) -> None:
    teach(tunes.store, "Good day")
    with pytest.raises(UsageError, match=r"has changed since.*leave --resume out"):
        tunes.tune(resume=True)
    tunes.tune()


def other_time(tunes: Tunes) -> None:
    tunes.tune(seconds=600.0)


def dropped(tunes: Tunes) -> None:
    (example,) = tunes.store.examples()
    tunes.store.put_rewrites(example.leaf, ("Hi?", "Hello?"))
    tunes.store.drop_rewrite(example.leaf, "Hi?")
    tunes.tune()


@pytest.mark.parametrize("differs", [anew, changed, other_time, dropped])
def test_another_one_begins_anew(
    tunes: Tunes, store: Store, differs: Callable[[Tunes], None]
) -> None:
    before = tunes.interrupted(KeyboardInterrupt())
    differs(tunes)
    assert [run.state for run in store.runs()] == ["promoted", "stopped"]
    assert not work_folder(before.id).exists()


def test_resume_takes_the_time_that_it_had(tunes: Tunes) -> None:
    before = tunes.interrupted(KeyboardInterrupt(), seconds=600.0)
    assert tunes.tune(resume=True).id == before.id
    assert tunes.plans[0].options.seconds == tunes.plans[1].options.seconds > 0.0


def test_the_time_for_training_is_recorded_as_it_was_given(tunes: Tunes) -> None:
    """What was done before training is off it, and the clock has gone on since."""
    before = tunes.interrupted(KeyboardInterrupt(), seconds=600.0)
    after = tunes.tune(seconds=600.0)
    for run, plan in zip((before, after), tunes.plans, strict=True):
        assert msgspec.convert(run.plan["options"], Options) == plan.options


def test_there_may_be_nothing_to_go_on_with(tunes: Tunes, store: Store) -> None:
    with pytest.raises(UsageError, match="no interrupted tune of this model"):
        tunes.tune(resume=True)
    assert store.runs() == ()


def test_one_that_failed_is_gone_on_with_when_asked(tunes: Tunes) -> None:
    before = tunes.interrupted(EngineError("It died."))
    assert (before.state, before.error) == ("failed", "It died.")
    after = tunes.tune(resume=True)
    assert (after.id, after.state, after.error) == (before.id, "promoted", "")


def test_one_that_failed_is_not_gone_on_with_unasked(tunes: Tunes) -> None:
    before = tunes.interrupted(EngineError("It died."))
    assert tunes.tune().id != before.id


def test_that_of_another_data_set_is_left_alone(tunes: Tunes, store: Store) -> None:
    teach(store, "Hey", name="pirate")
    before = tunes.interrupted(KeyboardInterrupt(), name="pirate")
    assert tunes.tune().id != before.id
    assert tunes.tune(name="pirate", resume=True).id == before.id


def test_it_is_not_lost_among_many_others(tunes: Tunes, store: Store) -> None:
    teach(store, "Hey", name="pirate")
    before = tunes.interrupted(KeyboardInterrupt(), name="pirate")
    for _ in range(25):
        other = store.begin_run(before.model, before.base, {})
        store.end_run(other.id, "rejected", verdict={})
    tunes.tune()
    assert work_folder(before.id).exists()
    assert tunes.tune(name="pirate", resume=True).id == before.id


def test_of_several_the_newest_is_gone_on_with(tunes: Tunes, store: Store) -> None:
    for name in ("pirate", "monk", "poet"):
        teach(store, "Hey", name=name)
    made = [tunes.interrupted(KeyboardInterrupt(), name=each) for each in ("pirate", "monk")]
    store.resume_run(made[0].id)
    store.end_run(made[0].id, "stopped")
    made.insert(0, tunes.interrupted(KeyboardInterrupt(), name="poet"))
    work_folder("nobody's").mkdir()
    assert [run.id for run in resuming.unfinished(store)] == [run.id for run in made]


def test_a_tenth_of_a_data_set_is_not_trained_on(tunes: Tunes, store: Store) -> None:
    for number in range(20):
        teach(store, f"Hey, number {number}", name="pirate")
    before = tunes.interrupted(KeyboardInterrupt(), name="pirate")
    (plan,) = tunes.plans
    assert len(plan.held) == 2
    assert len(plan.own) == 18
    assert not set(plan.held) & set(plan.own)
    assert len(before.plan["corrections"]) == 18
    assert tunes.tune(name="pirate").plan == before.plan


def test_one_without_a_plan_leaves_nothing(
    tunes: Tunes, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(replay, "examples", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            tunes.tune()
    before = store.runs()[0]
    assert not work_folder(before.id).exists()
    assert tunes.tune().id != before.id


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), EngineError("It died.")])
@pytest.mark.parametrize("hindrance", [KeyboardInterrupt(), StoreError("The disk is full.")])
def test_it_is_kept_when_its_end_cannot_be_recorded(
    tunes: Tunes,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    trouble: BaseException,
    hindrance: BaseException,
) -> None:
    """By a second Ctrl-C at that moment, say."""

    def fails(*_: object, **__: object) -> None:
        raise hindrance

    told = KeyboardInterrupt if isinstance(hindrance, KeyboardInterrupt) else type(trouble)
    tunes.trouble = trouble
    with monkeypatch.context() as patch:
        patch.setattr(Store, "end_run", fails)
        with pytest.raises(told):
            tunes.tune()
    tunes.trouble = None
    (before,) = store.runs()
    assert before.state == "running"
    store.end_run(before.id, "interrupted")  # as the next tune does, once this process is gone
    assert tunes.tune().id == before.id


def test_an_interruption_after_the_promotion_is_told_as_one(
    tunes: Tunes, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote = Store.promote

    def interrupted(self: Store, *given: Any, **named: Any) -> None:
        promote(self, *given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "promote", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tunes.tune()
    (run,) = store.runs()
    assert run.state == "promoted"
    assert not work_folder(run.id).exists()


def test_a_plan_that_cannot_be_read_is_made_anew(tunes: Tunes) -> None:
    before = tunes.interrupted(KeyboardInterrupt())
    (work_folder(before.id) / PLAN).write_bytes(b"nonsense")
    after = tunes.tune()
    assert (after.id, after.state) == (before.id, "promoted")
    assert tunes.plans[0] == tunes.plans[1]


def test_fewer_machines_go_on_with_what_more_began(tunes: Tunes) -> None:
    """A step is as large as it was planned, however many make it."""
    tunes.trouble, pair = KeyboardInterrupt(), Hosts((Host("one"), Host("two")))
    with pytest.raises(KeyboardInterrupt):
        tunes.tune(hosts=pair)
    assert tunes.hosts is pair
    tunes.trouble = None
    run = tunes.tune()
    assert tunes.hosts is None
    assert run.verdict
    assert (run.verdict["resumed"], run.verdict["machines"]) == (True, 2)
    began, went_on = tunes.plans
    assert began == went_on
    alone = options(Settings().tune, data=False)
    assert began.options.tokens == 2 * alone.tokens
    assert began.options.warmup == alone.warmup / 2
    assert began.options.learning_rate == pytest.approx(2**0.5 * alone.learning_rate)
    assert run.plan["options"]["tokens"] == began.options.tokens


def test_what_was_judged_is_not_learned_again_unasked(tunes: Tunes, store: Store) -> None:
    assert tunes.tune().state == "promoted"
    with pytest.raises(UsageError, match="Nothing is new since the last tune, which was let in"):
        tunes.tune()
    assert len(store.runs()) == 1
    assert tunes.tune(resume=False).state == "promoted"
    teach(store, "Good morning")
    assert tunes.tune().state == "promoted"
