"""Runs: kept as they come, gone on with, summarised, and compared item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from localai.chat.adapters import file_hash
from localai.engine.scripted import Script, ScriptedEngine
from localai.errors import EngineCrashed, LocalaiError, UsageError
from localai.evals import looking, plugged, running
from localai.evals.running import Plan, Tell
from localai.evals.summary import Summary, compare, summarise
from localai.evals.task import Answer, Example, Manner, Measure, Outcome, Place, Task
from localai.store.evaluated import EvalRun
from localai.store.store import Store
from localai.store.tuning import Adapter, Progress
from tests.evals import places

Open = Callable[..., Place]
MEASURED = (places.task().measures, places.task().derived)


@pytest.fixture
def open_place(store: Store, tmp_path: Path) -> Open:
    """A place whose model has a file."""
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF")

    def opened(replies: Sequence[str | Script] | ScriptedEngine) -> Place:
        place = places.place(store, replies)
        return replace(place, entry=replace(place.entry, path=model))

    return opened


def adapter(store: Store, place: Place) -> Adapter:
    base = file_hash(store, place.entry.path or Path())
    return store.add_adapter(base=base, base_bytes=4, file="/a.gguf", sha256="a" * 64)


def quiet(progress: Progress) -> None:
    """Nobody looks."""


def test_a_run_of_a_package_s_task_has_its_derived_numbers_when_it_is_looked_at(
    store: Store, open_place: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as the package is there; without it, what was measured."""
    plan = Plan(task=places.task(name="rhymes"))
    done = running.run(open_place(["Paris."]), plan, None, quiet)
    assert dict(looking.look(store, done).derived) == {}
    monkeypatch.setattr(plugged, "find", lambda name: places.task(name=name))
    assert dict(looking.look(store, done).derived) == {"wrong": places.rate}


def test_a_run_is_kept_and_summarised(store: Store, open_place: Open) -> None:
    place, told = open_place(["It is Paris.", "Quito", "Rome", "Kyoto"]), list[Progress]()
    done = running.run(place, Plan(task=places.task()), None, told.append)
    assert (done.state, done.items, done.of.adapter) == ("done", 4, "")
    assert (done.of.task, done.of.pool, done.of.style) == ("capitals", "dev", "direct")
    summary = msgspec.convert(done.summary, Summary)
    right, words = summary.measures
    assert (right.name, right.estimate.n, right.estimate.value) == ("right", 4, 0.5)
    assert (words.estimate.n, words.estimate.value, words.unit) == (2, 2.0, "words")
    assert (summary.derived[0].name, summary.derived[0].estimate.value) == ("wrong", 0.5)
    assert summary.tokens is not None
    assert summary.tokens.value == 7 / 4
    assert summary.per_right is not None
    assert summary.per_right.value == 7 / 2
    assert [(kind.name, kind.estimate.value, kind.tokens) for kind in summary.kinds] == [
        ("elsewhere", 0.0, 1.0),
        ("europe", 1.0, 2.5),
    ]
    assert summary.levels == ()
    assert [(each.stage, each.done, each.total) for each in told] == [
        ("capitals, base", done, 4) for done in range(5)
    ]
    found = running.outcomes(store, done.id)
    assert [outcome.example.id for outcome in found] == [
        f"{country}-dev" for country in ("France", "Italy", "Japan", "Peru")
    ]
    assert found[0].answers[0].text == "It is Paris."


def test_the_first_n_of_a_pool_are_asked(store: Store, open_place: Open) -> None:
    place = open_place(["Paris."])
    plan = Plan(task=places.task(), pool="gate", n=1)
    done = running.run(place, plan, None, quiet)
    assert [each.example.id for each in running.outcomes(store, done.id)] == ["France-gate"]
    assert (done.of.wanted, done.of.pool) == (1, "gate")
    nothing = places.task(examples=lambda place, pool: ())
    with pytest.raises(UsageError, match="no questions in the pool dev"):
        running.run(place, Plan(task=nothing), None, quiet)
    assert len(store.evals()) == 1


def stopped(place: Place, plan: Plan, command: str = "") -> EvalRun:
    """A run that was stopped after two answers."""

    def stop(progress: Progress) -> None:
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.run(place, plan, None, stop, command)
    return place.store.evals()[0]


def again(place: Place, plan: Plan, tell: Tell = quiet, *, anew: bool = False) -> EvalRun:
    """The same command once more."""
    command = running.command(place, [(plan, None)], anew=anew)
    return running.run(place, plan, None, tell, command)


def test_what_was_stopped_goes_on_with_what_is_missing(store: Store, open_place: Open) -> None:
    place, plan = open_place(["Paris", "Lima", "Rome", "Tokyo"]), Plan(task=places.task())
    before = stopped(place, plan)
    assert (before.state, before.items, before.summary) == ("stopped", 2, None)
    told = list[Progress]()
    done = again(place, plan, told.append)
    assert (done.id, done.state, done.items) == (before.id, "done", 4)
    assert [each.done for each in told] == [2, 3, 4]
    assert len(places.prompts(place)) == 4
    assert msgspec.convert(done.summary, Summary).measures[0].estimate.value == 1.0
    assert again(place, plan).id != done.id  # that is another one


def test_what_a_command_has_done_is_not_asked_again(store: Store, open_place: Open) -> None:
    place, plan = open_place(["Paris"]), Plan(task=places.task())
    other = replace(plan, pool="gate")
    done = running.run(place, other, None, quiet, "one command")
    before = stopped(place, plan, "one command")
    cases: list[tuple[Plan, Adapter | None]] = [(other, None), (plan, None)]
    command = running.command(place, cases)
    assert command == "one command"
    runs = [running.run(place, each, adapter, quiet, command) for each, adapter in cases]
    assert [run.id for run in runs] == [done.id, before.id]
    assert len(places.prompts(place)) == 8


def test_an_engine_that_dies_costs_only_what_it_was_at(store: Store, open_place: Open) -> None:
    place, plan = open_place(["Paris", Script("Lima", crash_at=0)]), Plan(task=places.task())
    with pytest.raises(EngineCrashed):
        running.run(place, plan, None, quiet)
    (run,) = store.evals()
    assert (run.state, run.items) == ("stopped", 1)


def test_it_begins_anew_if_told_so_or_if_anything_differs(store: Store, open_place: Open) -> None:
    place, plan = open_place(["Paris"]), Plan(task=places.task())
    before = stopped(place, plan)
    assert again(place, replace(plan, manner=Manner(style="steps"))).id != before.id
    assert running.command(place, [(plan, adapter(store, place))]) != before.command
    assert again(place, plan, anew=True).id != before.id
    assert store.eval_run(before.id).state == "stopped"


def test_a_question_that_changed_meanwhile_is_asked_again(store: Store, open_place: Open) -> None:
    place, plan = open_place(["Paris"]), Plan(task=places.task())
    stopped(place, plan)

    def reworded(place: Place, pool: str) -> list[Example]:
        first, *rest = places.examples(place, "dev")
        return [replace(first, question="France's capital?"), *rest]

    place = open_place(["Paris"])
    again(place, Plan(task=places.task(examples=reworded)))
    assert len(places.prompts(place)) == 3


def test_an_adapter_answers_and_is_named(store: Store, open_place: Open) -> None:
    engine = ScriptedEngine(["Lyon"], tuned={"a" * 64: "Paris"})
    place = open_place(engine)
    tuned = adapter(store, place)
    done = running.run(place, Plan(task=places.task(), n=1), tuned, quiet)
    assert (done.of.adapter, done.of.name) == (tuned.sha256, "tuned-1")
    assert running.label(done.of) == "tuned-1"
    assert running.outcomes(store, done.id)[0].answers[0].text == "Paris"
    bare = running.run(place, Plan(task=places.task(), n=1), None, quiet)
    assert engine.adapters[-1] == ("", "")
    assert running.outcomes(store, bare.id)[0].answers[0].text == "Lyon"
    steps = running.run(place, Plan(task=places.task(), manner=Manner(style="steps")), None, quiet)
    assert running.label(steps.of) == "base, steps"


def test_a_task_that_asks_by_itself(store: Store, open_place: Open) -> None:
    def measured(
        place: Place, task: Task, examples: Sequence[Example], manner: Manner
    ) -> Iterator[Outcome]:
        for at, example in enumerate(examples):
            yield Outcome(example, (), {"right": float("inf") if at else 0.5})

    task = places.task(ask=measured, derived={})
    done = running.run(open_place(["never"]), Plan(task=task), None, quiet)
    summary = msgspec.convert(done.summary, Summary)
    assert [number.estimate.n for number in summary.measures] == [1]  # what can be counted with
    assert (summary.tokens, summary.per_right) == (None, None)


def test_a_task_that_leaves_questions_out_is_found_out(store: Store, open_place: Open) -> None:
    def lazy(
        place: Place, task: Task, examples: Sequence[Example], manner: Manner
    ) -> Iterator[Outcome]:
        yield Outcome(examples[0], (), {"right": 1.0})

    with pytest.raises(LocalaiError, match="no answer to 3 of its questions"):
        running.run(open_place(["never"]), Plan(task=places.task(ask=lazy)), None, quiet)
    assert store.evals()[0].state == "stopped"


def outcome(at: int, *, right: bool, tokens: int = 10) -> Outcome:
    example = Example(id=str(at), question="?", level=at % 2 + 1)
    return Outcome(example, (Answer(text="", tokens=tokens),), {"right": float(right)})


def test_two_runs_are_compared_item_by_item() -> None:
    first = [outcome(at, right=at % 2 == 0) for at in range(40)]
    second = [outcome(at, right=at % 2 == 0 or at < 24, tokens=12) for at in range(40)]
    right, wrong, tokens = compare(*MEASURED, first, second[::-1])
    assert (right.name, right.verdict) == ("right", "better")
    apart = right.difference
    assert (apart.n, apart.won, apart.lost) == (40, 12, 0)
    assert apart.value == pytest.approx(0.3)
    assert wrong.name == "wrong"
    assert wrong.difference.value == pytest.approx(-0.3)
    assert (tokens.difference.value, tokens.verdict) == (2.0, "other")
    worse, *_ = compare(*MEASURED, second, first)
    assert worse.verdict == "worse"
    same, *_ = compare(*MEASURED, first, first)
    assert same.verdict == "same"
    half, *_ = compare(*MEASURED, first[:20], second)
    assert half.difference.n == 20
    assert compare(*MEASURED, first[:1], second[1:]) == ()


def test_what_has_a_unit_is_no_share() -> None:
    nats = Measure("right", "divergence", "less", "nats")
    half = Measure("half", "half of it", "", "nats")
    zeros = [outcome(at, right=False) for at in range(20)]
    summary = summarise([nats, half], {"half": lambda scores: 2.5}, zeros)
    estimate = summary.measures[0].estimate
    assert (estimate.low, estimate.high) == (0.0, 0.0)
    (derived,) = summary.derived
    assert (derived.about, derived.better, derived.unit) == ("half of it", "", "nats")
    assert summary.per_right is None
    apart, other, _ = compare([nats, half], {"half": lambda scores: 2.5}, zeros, zeros)
    assert (apart.difference.low, apart.difference.high, apart.verdict) == (0.0, 0.0, "same")
    assert (other.better, other.unit) == ("", "nats")


def test_results_are_told_apart_by_level() -> None:
    summary = summarise(*MEASURED, [outcome(at, right=at % 2 == 0) for at in range(10)])
    assert [(each.name, each.estimate.value) for each in summary.levels] == [
        ("level 1", 1.0),
        ("level 2", 0.0),
    ]
    assert summary.kinds == ()
