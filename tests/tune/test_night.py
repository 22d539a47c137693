"""A tune that also learns from its own right answers: what is tried, in which order, for what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localai import paths
from localai.catalog import Catalog
from localai.config import Settings
from localai.engine.scripted import ScriptedEngine
from localai.errors import EngineError, UsageError
from localai.lessons.maker import Example
from localai.rl.edge import Cell
from localai.rl.round import example
from localai.store.discovering import Round
from localai.store.store import Store
from localai.store.tuning import Run
from localai.tune import gate, made_sets, replay, training
from localai.tune.gate import Verdict
from localai.tune.job import NOT_BETTER, Job
from localai.tune.parity_result import Parity
from localai.tune.plan import ADAPTER, Made, Plan, Trained
from localai.tune.reporting import Tell
from localai.tune.rounds import Rounds, Ways
from localai.tune.serving import Serving
from localai.tune.time_budget import TimeBudget
from localai.tune_process import Stopped
from tests.catalog import toy
from tests.engine.tiny_adapter import write_adapter
from tests.rl.attempts import SUM
from tests.tune.tunes import teach

SUMS = Cell("sums", 2)


class Night(Job):
    """Whose rounds make something, or nothing, in no time."""

    helps = True

    def _rounds(self, ways: Ways) -> Rounds:
        night = self

        class Quick(Rounds):
            def go(self, folder: Path, plan: Plan) -> Made | None:
                self._store.put_round(Round(run=self._run, number=0), [SUM])
                if not night.helps:
                    return None
                here = paths.private_dir(folder / "round-1")
                write_adapter(here / ADAPTER)
                return Made(here, plan, Trained(1, "cpu", "t"), 1, (SUMS,))

        assert self._run is not None
        return Quick(self._store, self._run.id, self._report, ways)


def no_time(budget: TimeBudget) -> float:
    return 0.0


class Nights:
    """Nights of a toy model; the gate lets in what `passes` says, in turn."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.model = store, toy.write(folder / "toy.gguf")
        self.passes: Iterator[bool] = iter(())
        self.trained: list[Plan] = []

    def train(self, folder: Path, plan: Plan, *_: object) -> Trained:
        self.trained.append(plan)
        write_adapter(folder / ADAPTER)
        return Trained(1, "cpu", "t")

    def judge(self, *_: object) -> Verdict:
        return Verdict(next(self.passes), "Judged.", ())

    def tune(
        self,
        *passes: bool,
        rl: bool = True,
        helps: bool = True,
        name: str = "",
        resume: bool | None = None,
    ) -> Run:
        self.passes = iter(passes)
        night = Night(
            self.store,
            Settings(),
            Catalog().resolve(str(self.model)),
            lambda progress: None,
            name=name,
            resume=resume,
            rl=rl,
            factory=lambda options: ScriptedEngine(),
        )
        night.helps = helps
        return night.run()


@pytest.fixture
def nights(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    found = Nights(store, tmp_path)
    monkeypatch.setattr(replay, "examples", lambda *_: (Example((1, 2), (0.0, 1.0)),) * 30)
    monkeypatch.setattr(training, "train", found.train)
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.0, 0.0, 1.0, 8))
    monkeypatch.setattr(gate, "compare", found.judge)
    return found


def test_its_own_answers_alone_can_be_learned(nights: Nights) -> None:
    run = nights.tune(True)
    assert run.state == "promoted"
    assert run.plan["targets"] == ["reasoning"]
    assert run.plan["cells"] == [{"kind": "sums", "level": 2}]
    assert nights.trained == []


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
    assert nights.trained == []


def test_corrections_alone_are_tried_where_all_together_was_not_let_in(nights: Nights) -> None:
    teach(nights.store, "Hello")
    run = nights.tune(False, True)
    assert run.state == "promoted"
    assert (run.plan["targets"], run.plan["cells"]) == (["corrections"], [])
    assert len(nights.trained) == 1
    assert run.verdict
    assert run.verdict["together"]["reason"] == "Judged."
    report = (paths.reports() / f"{run.id}.md").read_text("utf-8")
    assert "which was tried first, it was refused: Judged." in report


def test_corrections_are_learned_where_nothing_was_found(nights: Nights) -> None:
    teach(nights.store, "Hello")
    assert nights.tune(True, helps=False).state == "promoted"
    assert len(nights.trained) == 1


def test_what_an_active_adapter_found_is_learned_again(nights: Nights) -> None:
    first = nights.tune(True)
    teach(nights.store, "Hello")
    second = nights.tune(True, rl=False)
    assert second.plan["earlier"] == [first.id]
    (plan,) = nights.trained
    assert example(SUM) in plan.own
    teach(nights.store, "Good evening")
    assert nights.tune(True).plan["earlier"] == [first.id, second.id]


def test_corrections_alone_are_tried_with_what_earlier_nights_found(nights: Nights) -> None:
    nights.tune(True)
    teach(nights.store, "Hello")
    nights.tune(False, True)
    (plan,) = nights.trained
    assert plan.own.count(example(SUM)) == 1


def test_what_was_not_let_in_is_not_learned_later(nights: Nights) -> None:
    teach(nights.store, "Hello")
    nights.tune(False, True)
    teach(nights.store, "Good evening")
    later = nights.tune(True, rl=False)
    assert later.plan["earlier"]
    assert example(SUM) not in nights.trained[-1].own


def test_without_time_it_says_so_and_can_be_gone_on_with(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(nights.store, "Hello")
    with monkeypatch.context() as patch:
        patch.setattr(TimeBudget, "for_training", no_time)
        for rl in (True, False):
            with pytest.raises(Stopped, match="no time left for training"):
                nights.tune(rl=rl, helps=False)
    assert [run.state for run in nights.store.runs()] == ["stopped", "stopped"]
    assert nights.trained == []
    assert nights.tune(True, rl=False, resume=True).state == "promoted"


def test_what_there_was_no_time_to_try_is_no_reason_to_try_nothing(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(nights.store, "Hello")
    with monkeypatch.context() as patch:
        patch.setattr(TimeBudget, "for_training", no_time)
        refused = nights.tune(False)
    assert refused.verdict
    assert (refused.state, refused.verdict["untried"]) == ("rejected", True)
    assert nights.tune(False, True).state == "promoted"
    with pytest.raises(UsageError, match="Nothing is new"):
        nights.tune()


def test_by_day_nothing_is_new_after_a_night(nights: Nights) -> None:
    teach(nights.store, "Hello")
    nights.tune(True)
    with pytest.raises(UsageError, match="Nothing is new"):
        nights.tune(rl=False)
    assert nights.tune(True, rl=False, resume=False).state == "promoted"
    assert nights.tune(True).state == "promoted"


def test_a_tune_by_day_leaves_the_night_to_be_gone_on_with(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(nights.store, "Hello")

    def interrupted(*_: object) -> Trained:
        raise Stopped("Its time is over.")

    with monkeypatch.context() as patch:
        patch.setattr(training, "train", interrupted)
        with pytest.raises(Stopped):
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
