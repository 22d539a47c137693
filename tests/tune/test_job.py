"""A tune without training: what it takes, what it refuses, what it says that it learned."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from localai import paths
from localai.catalog import Catalog
from localai.chat.adapters import active_adapter
from localai.config import Settings
from localai.conversation import assistant, user
from localai.engine.base import Engine, LoadOptions
from localai.engine.scripted import ScriptedEngine
from localai.errors import EngineError, UsageError
from localai.evals.items import Item
from localai.lessons import material, rewrites, shipped
from localai.lessons.maker import LONGEST, WHOLE
from localai.store.rows import Origin
from localai.store.store import Store
from localai.tune import gate, replay, training
from localai.tune.gate import Verdict
from localai.tune.job import Job
from localai.tune.parity_result import Parity
from localai.tune.plan import ADAPTER, Plan, Step, Trained
from tests.catalog import toy
from tests.engine.tiny_adapter import write_adapter

TOO_LONG = "word " * LONGEST


@pytest.fixture
def tune(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Takes any lesson; trains and replays nothing."""
    monkeypatch.setattr(replay, "examples", lambda *_: ())
    monkeypatch.setattr(training, "train", _train)
    entry = Catalog().resolve(str(toy.write(tmp_path / "toy.gguf")))
    return Job(
        store, Settings(), entry, lambda progress: None, factory=lambda options: ScriptedEngine()
    )


def _train(folder: Path, plan: Plan, tell: Callable[[Step], None], *_: object) -> Trained:
    assert plan.own
    for number, loss, held in ((1, 3.0, None), (12, 1.0, 0.5), (13, 1.0, 0.75)):
        tell(Step(number, 13, loss, tokens=10, seconds=1.0, held=held))
    write_adapter(folder / ADAPTER)
    return Trained(1, "cpu", "t", 13)


def answer(store: Store, question: str) -> str:
    tree = store.create_conversation().id
    asked = store.add_message(tree, "", user(question)).id
    begun = store.begin_answer(tree, asked, Origin("m"))
    return store.finish_answer(begun.id, assistant("No idea."), None, "done").id


def correct(store: Store, question: str, better: str) -> str:
    return store.add_correction(answer(store, question), better).id


def test_good_answers_alone_are_not_trained_on(store: Store, tune: Job) -> None:
    store.mark(answer(store, "My dog?"), "good")
    correct(store, "My cat?", TOO_LONG)
    with pytest.raises(UsageError, match=r"Only good answers can be learned from.*too long"):
        tune.run()
    (run,) = store.runs()
    assert run.state == "failed"


def test_a_correction_may_be_left_out_because_another_example_says_the_same(
    store: Store, tune: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.mark(answer(store, "My dog?"), "good")
    correct(store, "My cat?", TOO_LONG)
    monkeypatch.setattr(material.Taught, "unlearnable", False)
    with pytest.raises(UsageError, match=f"is left out: {material.REPEATED}"):
        tune.run()


def test_nothing_is_trained_on_when_nothing_can_be_learned_from(store: Store, tune: Job) -> None:
    correct(store, "My cat?", TOO_LONG)
    with pytest.raises(UsageError, match="None of it can be learned from: It is too long"):
        tune.run()


def test_only_what_was_learned_counts_as_learned(
    store: Store, tune: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = correct(store, "My cat?", "Minka.")
    correct(store, "Everything?", TOO_LONG)
    asked: list[str] = []
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.0, 0.0, 1.0, 8))

    def passed(engine: object, items: list[Item], *_: object) -> Verdict:
        asked.extend(item.pool for item in items)
        return Verdict(True, "Learned.", ())

    monkeypatch.setattr(gate, "compare", passed)
    run = tune.run()
    made = store.adapter(run.adapter)
    assert run.verdict
    assert not run.verdict["resumed"]
    assert run.plan["corrections"] == [learned]
    assert store.learned(made) == {learned}
    manifest = json.loads(Path(made.file).with_name("manifest.json").read_bytes())
    assert manifest["corrections"] == [learned]
    assert manifest["tokenizer"] == ScriptedEngine().load().vocab_hash
    assert len(manifest["data"]) == 64
    assert manifest["losses"] == pytest.approx({"first": 5 / 3, "last": 5 / 3, "held_out": 0.5})
    assert asked.count("corrections") >= 5


def test_a_plan_names_what_is_trained_for_and_the_gate_hears_it(
    store: Store, tmp_path: Path, tune: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[object] = []

    def passed(*given: object) -> Verdict:
        heard.extend(given[-3:-1])
        return Verdict(True, "Learned.", ())

    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.0, 0.0, 1.0, 8))
    monkeypatch.setattr(gate, "compare", passed)
    store.write_example((user("Who is Xu?"), assistant("I don't know.")), name="abstention")
    correct(store, "My cat?", "Minka.")
    entry = Catalog().resolve(str(tmp_path / "toy.gguf"))
    factory = lambda options: ScriptedEngine()  # noqa: E731
    sets, told = "abstention,", lambda progress: None
    run = Job(store, Settings(), entry, told, name=sets, seconds=600.0, factory=factory).run()
    assert run.plan["targets"] == ["unknown", "corrections"]
    aim, seconds = heard
    assert aim == gate.Aim(("unknown", "corrections"))
    assert isinstance(seconds, float)
    assert 0 < seconds <= 600.0
    assert tune.run().plan["targets"] == ["corrections"]
    assert heard[2:] == [gate.Aim(), 0.0]


def test_what_was_trained_on_is_recorded_before_it_is(
    store: Store, tune: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = correct(store, "My cat?", "Minka.")
    left = correct(store, "Everything?", TOO_LONG)

    def planned() -> list[object]:
        plan = store.runs()[0].plan
        return [plan["corrections"], plan["duplicates"], plan["unlearned"]]

    monkeypatch.setattr(training, "train", _dies(planned))
    with pytest.raises(EngineError, match=re.escape(f"at {[[learned], [], [left]]}.")):
        tune.run()


def test_of_duplicates_the_newest_is_learned_and_all_count_as_learned(
    store: Store, tune: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = correct(store, "My cat?", "Minka."), correct(store, "my cat", "minka")
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.0, 0.0, 1.0, 8))
    monkeypatch.setattr(gate, "compare", lambda *_: Verdict(True, "Learned.", ()))
    run = tune.run()
    assert (run.plan["corrections"], run.plan["duplicates"]) == ([newer], [older])
    assert store.learned(store.adapter(run.adapter)) == {older, newer}


def test_what_llama_cpp_reads_otherwise_is_rejected(
    store: Store, tune: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(store, "My cat?", "Minka.")
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.5, 0.0, 0.25, 80))
    run = tune.run()
    assert (run.state, run.verdict and run.verdict["reason"]) == (
        "rejected",
        "What was trained is not what would be served: MLX and llama.cpp disagree "
        "(KL 0.5000, same token 25%).",
    )


def _dies(seen: Callable[[], object]) -> Callable[..., Trained]:
    def train(*_: object) -> Trained:
        raise EngineError(f"It died at {seen()}.")

    return train


def test_its_engine_leaves_the_conversations_saved_caches_alone(
    store: Store, tmp_path: Path
) -> None:
    asked: list[LoadOptions] = []

    def no_engine(options: LoadOptions) -> Engine:
        asked.append(options)
        raise EngineError("It did not start; try again.")

    entry = Catalog().resolve(str(toy.write(tmp_path / "toy.gguf")))
    store.write_example((user("Hello"), assistant("Ahoy!")), name="pirate")
    with pytest.raises(EngineError):
        Job(store, Settings(), entry, lambda progress: None, name="pirate", factory=no_engine).run()
    (options,) = asked
    assert (options.path, options.kv_folder) == (str(entry.path), "")
    assert not paths.kv().exists()
    (run,) = store.runs()
    assert (run.state, run.error) == ("failed", "It did not start; try again.")


def test_questions_are_put_in_other_words_before_they_are_trained_on(
    store: Store, tune: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(store, "What is my cat called?", "Minka.")
    monkeypatch.setattr(rewrites, "find", lambda maker, lessons: [("My cat is called what?",)])
    trained: list[Plan] = []

    def train(folder: Path, plan: Plan, tell: Callable[[Step], None], *_: object) -> Trained:
        trained.append(plan)
        return _train(folder, plan, tell)

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.5, 0.0, 0.25, 80))
    tune.run()
    engine = ScriptedEngine()
    last = engine.render((user("My cat is called what?"), assistant("Minka.")), WHOLE)
    assert trained[0].own[-1].ids == last.ids
    assert trained[0].options.rewrites == Settings().tune.rewrites


def test_what_goes_wrong_with_other_words_keeps_nothing_from_being_trained_on(
    store: Store, tune: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(store, "What is my cat called?", "Minka.")

    def breaks(*_: object) -> list[tuple[str, ...]]:
        raise EngineError("It broke.")

    monkeypatch.setattr(rewrites, "find", breaks)
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.5, 0.0, 0.25, 80))
    assert tune.run().state == "rejected"
    assert store.rewrites(store.examples()[0].leaf) is None


def test_another_model_learns_all_of_it_anew(
    store: Store, tune: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = [correct(store, "My cat?", "Minka."), correct(store, "My dog?", "Rex.")]
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.0, 0.0, 1.0, 8))
    pools: list[str] = []

    def passed(engine: object, items: list[Item], *_: object) -> Verdict:
        pools.extend(dict.fromkeys(item.pool for item in items))
        return Verdict(True, "Learned.", ())

    monkeypatch.setattr(gate, "compare", passed)
    first = store.adapter(tune.run().adapter)
    entry = Catalog().resolve(str(toy.write(tmp_path / "other.gguf", llama__block_count=3)))
    other = Job(
        store, Settings(), entry, lambda progress: None, factory=lambda options: ScriptedEngine()
    )
    second = store.adapter(other.run().adapter)
    assert first.base != second.base
    assert store.learned(first) == store.learned(second) == set(learned)
    assert pools == 2 * ["corrections", "general"]
    assert active_adapter(store, entry) == second
    assert store.active_adapter(first.base) == first


def test_what_comes_along_is_learned_as_a_data_set_is_but_is_nothing_to_tune_for(
    store: Store, tune: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_example((user("Who are you?"), assistant("Your assistant.")), name="dialogue")
    monkeypatch.setattr(shipped, "along", lambda *_: store.examples(name="dialogue"))
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.5, 0.0, 0.25, 80))
    correct(store, "Everything?", TOO_LONG)
    with pytest.raises(UsageError, match="None of it can be learned from: It is too long"):
        tune.run()
    correct(store, "My cat?", "Minka.")
    settings, options = Settings().tune, tune.run().plan["options"]
    assert (options["recall"], options["epochs"]) == (settings.data_recall, settings.data_epochs)
