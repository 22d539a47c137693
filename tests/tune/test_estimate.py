"""What a tune would take, by runs before it and without any."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from localai.lessons.maker import Example
from localai.store.store import Store
from localai.tune import estimate as module
from localai.tune import packing
from localai.tune.estimate import Pace, estimate, pace
from localai.tune.plan import Options
from tests.catalog import toy

OPTIONS = Options(rank=8, learning_rate=1e-4, epochs=2, replay=0.5, tokens=40)


def example(length: int, counted: int) -> Example:
    return Example(tuple(range(length, 2 * length)), (0.0,) * (length - counted) + (1.0,) * counted)


def ended(store: Store, model: str, speeds: list[float], memory: int, **facts: float) -> None:
    run = store.begin_run(model, "b", {"options": {"tokens": 100}})
    for step, speed in enumerate(speeds):
        store.add_metric(run.id, step, {"loss": 1.0, "tokens_per_second": speed})
    verdict = {"memory": memory, **facts} if memory else {}
    store.end_run(run.id, "rejected", verdict=verdict)


def test_what_is_trained_on_and_for_how_long() -> None:
    made = [example(length, 3) for length in range(5, 30)]
    found = estimate(made, OPTIONS, Pace(speed=10.0, beside=60.0, memory=7, runs=2))
    tokens = sum(range(5, 30))
    assert (found.examples, found.tokens, found.supervised) == (25, tokens, 75)
    read = tokens - 25  # nothing comes after the last ones
    share = packing.replay_share(2 * read, module.REPLAYED, least=0.5)
    assert share > 0.5  # so little is new
    assert found.training_seconds == pytest.approx(2 * read / (1 - share) / 10)
    assert found.seconds == found.training_seconds + 60
    assert (found.memory, found.from_runs) == (7, 2)


def test_steps_are_those_that_training_makes() -> None:
    """But for the order of the later epochs, which replay draws from, too."""
    made = [example(length, 3) for length in range(5, 30)]
    own = [packing.row(each) for each in made]
    replay = [packing.row(example(9, 2), recalled=True)]
    random = np.random.default_rng(OPTIONS.seed)
    share = packing.replay_share(packing.rest(own), module.REPLAYED, least=0.5)
    real = list(packing.steps(own, replay, tokens=40, share=share, random=random))
    once = Options(rank=8, learning_rate=1e-4, epochs=1, replay=0.5, tokens=40)
    assert estimate(made, once, Pace(1.0, 0.0, 0)).steps == len(real)


def test_a_budget_ends_the_steps() -> None:
    made = [example(21, 3)] * 40
    whole = estimate(made, OPTIONS, Pace(10.0, 5.0, 0))
    options = Options(
        rank=8, learning_rate=1e-4, epochs=2, replay=0.5, tokens=40, seconds=whole.seconds / 4
    )
    short = estimate(made, options, Pace(10.0, 5.0, 0))
    assert short.training_seconds == whole.seconds / 4
    assert 0 < short.steps < whole.steps / 3


def test_the_last_runs_of_the_model_tell(store: Store, tmp_path: Path) -> None:
    path = toy.write(tmp_path / "toy.gguf")
    ended(store, "mine", [1.0, 1.0], 9_000)  # too long ago
    for speed in (20.0, 30.0, 40.0):
        ended(store, "mine", [1.0, speed, speed], int(speed))
    ended(store, "other", [500.0, 500.0], 9_000)
    ended(store, "mine", [500.0, 500.0], 0)  # ended before it was judged
    found = pace(store, "mine", path)
    assert (found.speed, found.memory, found.runs) == (30.0, 40, module.RUNS)
    assert found.beside == 0.0


def test_the_pause_of_a_run_that_was_gone_on_with_is_no_work(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells nothing of the time beside training, only of what is the same after a pause."""
    path = toy.write(tmp_path / "toy.gguf")
    clock = itertools.count(0.0, 1_000.0)
    monkeypatch.setattr(time, "time", lambda: next(clock))
    ended(store, "mine", [20.0, 20.0], 7, resumed=True)
    found = pace(store, "mine", path)
    assert (found.speed, found.memory, found.runs) == (20.0, 7, 1)
    assert found.beside == module.ASKED / 20
    clock = itertools.count(0.0, 60.0)
    ended(store, "mine", [20.0, 20.0], 7)
    assert pace(store, "mine", path).beside == 60.0 - 100 / 20


def test_a_step_took_as_long_as_what_it_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beginnings that its examples share come on top of what a step is filled with."""
    clock = itertools.count(0.0, 60.0)
    monkeypatch.setattr(time, "time", lambda: next(clock))
    run = store.begin_run("mine", "b", {"options": {"tokens": 100}})
    for step in (1, 2):
        store.add_metric(run.id, step, {"tokens_per_second": 20.0, "tokens": 400.0})
    store.end_run(run.id, "rejected", verdict={"memory": 7})
    assert pace(store, "mine", toy.write(tmp_path / "toy.gguf")).beside == 60.0 - 400 / 20


def test_waiting_for_a_chat_is_no_work(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(0.0, 1_000.0)
    monkeypatch.setattr(time, "time", lambda: next(clock))
    ended(store, "mine", [20.0, 20.0], 7, paused=900.0)
    assert pace(store, "mine", toy.write(tmp_path / "toy.gguf")).beside == 100.0 - 100 / 20


def test_what_several_machines_did_tells_nothing_of_this_one(store: Store, tmp_path: Path) -> None:
    ended(store, "mine", [20.0, 20.0], 7)
    ended(store, "mine", [90.0, 90.0], 7, machines=2)
    found = pace(store, "mine", toy.write(tmp_path / "toy.gguf"))
    assert (found.speed, found.runs) == (20.0, 1)


def test_without_a_run_cores_and_parameters_tell(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = toy.write(tmp_path / "toy.gguf")
    found = []
    for cores in (1, 4):
        monkeypatch.setattr(module, "physical_cores", lambda cores=cores: cores)
        found.append(pace(store, "mine", path))
    assert found[1].speed == pytest.approx(4 * found[0].speed)
    assert found[0].beside == pytest.approx(4 * found[1].beside)
    assert found[0].memory > module.PROGRAM
    assert found[0].runs == 0


def test_mlx_is_not_loaded_for_it() -> None:
    code = "import sys, localai.tune.estimate, localai.tune.job; sys.exit('mlx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
