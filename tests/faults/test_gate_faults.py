"""Sabotaged adapters through the gate: none comes in; and better ones: nearly all do.

Files are real, and so are the models in a part of it; the other answers are made up, and asked
and judged as real ones are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localai.catalog import Catalog
from localai.config import Settings, ToolSettings, TuneSettings
from localai.conversation import assistant, user
from localai.digest import sha256
from localai.engine.base import BARE, AdapterFile, LoadOptions
from localai.engine.process import EngineProcess
from localai.evals.task import Place
from localai.store.store import Store
from localai.store.tuning import Run
from localai.tools.toolbox import Toolbox
from localai.tune import items, replay
from localai.tune.gate.aim import Aim
from localai.tune.gate.stages import compare
from localai.tune.gate.verdict import Verdict
from localai.tune.job import Job
from scripts import tiny_models, tiny_vocabularies
from tests.engine.tiny_adapter import write_adapter
from tests.faults.gate_sabotage import FILES, HABITS, MINDS, WORDS, WRONG
from tests.tune.gate.students import BASE, asked, knows, verdict

SETTINGS = Settings(
    tune=TuneSettings(
        rank=16, learning_rate=0.01, data_epochs=8, epochs=8, replay=0.33, gate_questions=40
    ),
    tools=ToolSettings(offer="off"),
)
ASKED = ("What is in France?", "Is the fox in the sea?", "What is the capital?", "And the fox?")

NOISE = (0.01, 0.02, 0.03, 0.04)
"""Scales of adapters of noise that are not loud enough to be seen in the file."""

GOOD = 20


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))
    with Store.open() as opened:
        yield opened


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Kind -> a tiny model whose window holds the questions of all tasks."""
    monkeypatch.setattr(tiny_models, "TRAINED", 2048)
    monkeypatch.setattr(tiny_vocabularies, "WORDS", (*tiny_vocabularies.WORDS, *WORDS))
    return lambda kind: tiny_models.write(kind, tmp_path)


@contextmanager
def real(store: Store, model: Path) -> Iterator[Place]:
    """A place with the real engine."""
    with EngineProcess(LoadOptions(str(model), n_ctx=2048)) as engine:
        yield Place(engine, Catalog().resolve(str(model)), SETTINGS, store, Toolbox())


def judged(place: Place, candidate: Path) -> Verdict:
    """What the gate says of a file, beside the bare model."""
    try:
        hashed = sha256(candidate)
    except OSError:
        hashed = "none"
    tell = lambda what: lambda done, total: None  # noqa: E731
    return compare(place, asked()[:20], BARE, AdapterFile(str(candidate), hashed), tell)


def trained(store: Store, model: Path, told: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A whole tune of a real model that teaches it to say this to everything."""
    monkeypatch.setattr(replay, "prompts", lambda: ("The sea is in France", "and the capital"))
    monkeypatch.setattr(items, "general", lambda head: ())
    store.write_examples([(user(each), assistant(told)) for each in ASKED], name="habit")
    entry = Catalog().resolve(str(model))
    return Job(store, SETTINGS, entry, lambda progress: None, name="habit").run()


@pytest.mark.parametrize("name", ["nan", "cut at 0.9", "another width", "loud noise"])
def test_a_spoiled_file_is_refused(
    name: str, store: Store, model: Callable[[str], Path], tmp_path: Path
) -> None:
    FILES[name](path := tmp_path / "adapter.gguf")
    with real(store, model("plain")) as place:
        found = judged(place, path)
    assert (found.promoted, found.stage) == (False, "files")


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_mind_that_goes_wrong_is_refused(
    name: str, store: Store, model: Callable[[str], Path]
) -> None:
    found = verdict(store, model("plain"), MINDS[f"{name}, 100%"], BASE)
    assert not found.promoted, found.reason


def test_noise_is_refused_by_the_real_gate(
    store: Store, model: Callable[[str], Path], tmp_path: Path
) -> None:
    write_adapter(path := tmp_path / "adapter.gguf", scale=NOISE[0])
    with real(store, model("plain")) as place:
        found = judged(place, path)
    assert (found.promoted, found.stage) == (False, "targets")


@pytest.mark.faults
def test_50_sabotaged_adapters(
    store: Store,
    model: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: dict[str, Verdict] = {}
    plain, path = model("plain"), tmp_path / "adapter.gguf"
    with real(store, plain) as place:
        for name, spoil in FILES.items():
            spoil(path)
            ended[f"file: {name}"] = judged(place, path)
        for seed, scale in enumerate(NOISE):
            write_adapter(path, seed=seed, scale=scale)
            ended[f"real: noise {scale}"] = judged(place, path)
    for name, mind in MINDS.items():
        ended[f"mind: {name}"] = verdict(store, plain, mind, BASE)
    for name, told in HABITS.items():
        with Store.open(tmp_path / name / "localai.db") as own:
            run = trained(own, model("untaught"), told, monkeypatch)
        assert run.state in ("promoted", "rejected"), run.error
        found = run.verdict or {}
        ended[f"real: {name}"] = Verdict(
            found["promoted"], found["reason"], stage=found.get("stage", "whole")
        )
    for name, each in ended.items():
        print(f"{'IN ' if each.promoted else 'out'} {each.stage:8} {name}: {each.reason}")
    print(f"{len(ended)} sabotaged, {sum(each.promoted for each in ended.values())} let in")
    assert len(ended) >= 50
    assert not [name for name, each in ended.items() if each.promoted]


@pytest.mark.faults
def test_20_better_ones(store: Store, model: Callable[[str], Path]) -> None:
    plain, let_in = model("plain"), 0
    for seed in range(GOOD):
        gained = {"corrections": 0.9, "reasoning": 0.3, "unknown": 0.1}
        aim = (Aim(), Aim(("unknown",)), Aim(("reasoning",)))[seed % 3]
        if seed % 3:
            gained |= {"unknown": 0.5} if seed % 3 == 1 else {"reasoning": 0.55}
        found = verdict(store, plain, knows(1, gained), BASE, aim=aim)
        print(f"{'in ' if found.promoted else 'OUT'} {aim.targets}: {found.reason}")
        let_in += found.promoted
    assert let_in >= 18
