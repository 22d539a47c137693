"""Progress reaches the store and whoever watches, but not more often than anybody looks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from localai.store.store import Store
from localai.store.tuning import Progress
from localai.tune import reporting
from localai.tune.plan import Again, Step
from localai.tune.reporting import Reporter


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def monotonic(self) -> float:
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(reporting, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


def test_a_step_is_told_with_speed_and_time_left(store: Store, clock: Clock) -> None:
    run = store.begin_run("toy", "b", {}).id
    told: list[Progress] = []
    Reporter(store, run, told.append).step(Step(3, 10, 1.25, tokens=300, seconds=2.0, memory=7))
    assert told == [Progress("training", 3, 10, 1.25, 150.0, 14.0, 7)]
    assert store.run(run).progress == told[0]
    numbers = {"loss": 1.25, "tokens_per_second": 150.0, "tokens": 300.0, "memory": 7.0}
    assert store.metrics(run) == ((3, numbers),)


def test_the_loss_of_what_is_held_out_is_recorded(store: Store) -> None:
    run = store.begin_run("toy", "b", {}).id
    reporter = Reporter(store, run, lambda progress: None)
    reporter.hear(Step(1, 10, 1.25, tokens=300, seconds=2.0))
    reporter.hear(Step(2, 10, 1.0, tokens=300, seconds=2.0, held=1.5))
    first, second = store.metrics(run)
    assert "held_out_loss" not in first[1]
    assert second[1]["held_out_loss"] == 1.5


def test_a_new_start_is_told_at_once(store: Store, clock: Clock) -> None:
    run = store.begin_run("toy", "b", {}).id
    told: list[Progress] = []
    reporter = Reporter(store, run, told.append)
    reporter.hear(Step(1, 10, 1.25, tokens=300, seconds=2.0))
    reporter.hear(Again("it died; going on"))
    assert [each.stage for each in told] == ["training", "it died; going on"]


def test_every_step_is_recorded_but_not_told_too_often(store: Store, clock: Clock) -> None:
    run = store.begin_run("toy", "b", {}).id
    told: list[Progress] = []
    reporter = Reporter(store, run, told.append)
    for number in range(1, 9):
        reporter.step(Step(number, 8, 1.0, tokens=10, seconds=0.25))
        clock.time += reporting.SECONDS / 2
    assert [each.done for each in told] == [1, 3, 5, 7]
    assert len(store.metrics(run)) == 8
    reporter.say(Progress("comparing"), now=True)
    reporter.say(Progress("judging"), now=True)
    assert [each.stage for each in told[-2:]] == ["comparing", "judging"]


def test_a_count_knows_how_long_it_will_take(store: Store, clock: Clock) -> None:
    told: list[Progress] = []
    run = store.begin_run("toy", "b", {}).id
    tell = Reporter(store, run, told.append).counting("asking")
    tell(0, 4)
    clock.time += 6.0
    tell(1, 4)
    assert [each.seconds_left for each in told] == [None, 18.0]
    assert [(each.stage, each.done, each.total) for each in told] == [
        ("asking", 0, 4),
        ("asking", 1, 4),
    ]


def test_each_stage_is_timed_also_when_a_run_is_gone_on_with(store: Store, clock: Clock) -> None:
    run = store.begin_run("toy", "b", {}).id
    reporter = Reporter(store, run, lambda progress: None)
    for stage, seconds in (("planning", 2.0), ("training", 30.0), ("asking", 4.0)):
        reporter.say(Progress(stage), now=True)
        clock.time += seconds
    reporter.say(Progress("asking", 1, 2), now=True)
    assert store.run(run).progress.spent == {"planning": 2.0, "training": 30.0, "asking": 4.0}
    clock.time += 1000.0
    store.end_run(run, "stopped")
    store.resume_run(run)
    again = Reporter(store, run, lambda progress: None)
    again.say(Progress("training", 5, 9), now=True)
    clock.time += 10.0
    again.say(Progress("asking"), now=True)
    assert store.run(run).progress.spent == {"planning": 2.0, "training": 40.0, "asking": 4.0}
