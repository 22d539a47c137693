"""Training learns in the low-rank matrices alone, keeps to its time, and stops at nonsense."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlx.utils import tree_flatten

from localai.lessons.maker import Example
from localai.tune import descent, forward, packing, sft, weights
from localai.tune.descent import Descent
from localai.tune.packing import Row
from localai.tune.plan import Options, Step
from localai.tune.recall import Recall, bare
from tests.tune.tiny_llama import ids

OPTIONS = Options(rank=4, learning_rate=5e-3, warmup=2, epochs=6, tokens=64, replay=0.0)
LAYERS, LINEAR = 3, 7


def example(seed: int, length: int = 24) -> Example:
    """A toy: random tokens, of which the last six are to be learned."""
    return Example(tuple(ids(length, seed).tolist()), (*[0.0] * (length - 6), *[1.0] * 6))


def toys(count: int = 2) -> list[Row]:
    return [packing.row(example(seed)) for seed in range(count)]


@pytest.fixture
def model(tiny_llama: Callable[[str], Path]) -> Any:
    return weights.load(tiny_llama("Q8_0"), quantized=False)[0]


def trained(model: Any, options: Options = OPTIONS, rows: list[Row] | None = None) -> list[Step]:
    sft.add_lora(model, options)
    return list(Descent(model, sft.plan(rows or toys(), [], options), options))


def values(model: Any) -> dict[str, Any]:
    return {name: np.array(each) for name, each in tree_flatten(model.parameters())}


@pytest.mark.parametrize("quantized", [False, True])
def test_only_the_matrices_learn(tiny_llama: Callable[[str], Path], quantized: bool) -> None:
    model, _ = weights.load(tiny_llama("Q8_0"), quantized=quantized)
    sft.add_lora(model, OPTIONS)
    before, learns = values(model), set(sft.matrices(model))
    assert len(learns) == LAYERS * LINEAR * 2
    assert {name.rpartition(".")[2] for name in learns} == {"lora_a", "lora_b"}
    list(Descent(model, sft.plan(toys(), [], OPTIONS), OPTIONS))
    changed = {name for name, each in values(model).items() if (each != before[name]).any()}
    assert changed == learns


def test_a_fresh_adapter_changes_nothing(model: Any) -> None:
    read = mx.array(ids(20))

    def logits() -> Any:
        return np.array(forward.logits(model, forward.hidden(model, read, mx.zeros_like(read))))

    before = logits()
    sft.add_lora(model, OPTIONS)
    np.testing.assert_allclose(logits(), before, rtol=1e-5, atol=1e-5)


def test_the_loss_falls(model: Any) -> None:
    steps = trained(model, msgspec.structs.replace(OPTIONS, epochs=20))
    assert [step.number for step in steps] == list(range(1, 21))
    assert steps[-1].loss < 0.5 * steps[0].loss
    assert all(step.steps == 20 and step.tokens == 46 for step in steps)


def test_the_same_seed_trains_the_same(tiny_llama: Callable[[str], Path]) -> None:
    def losses(seed: int) -> list[float]:
        model, _ = weights.load(tiny_llama("F32"), quantized=False)
        options = msgspec.structs.replace(OPTIONS, seed=seed, tokens=24)
        return [step.loss for step in trained(model, options, toys(3))]

    first = losses(1)
    assert losses(1) == pytest.approx(first, rel=1e-4)
    assert losses(2) != pytest.approx(first, rel=1e-4)


def test_the_same_seed_plans_the_same() -> None:
    own, replay = toys(9), toys(5)

    def planned(seed: int) -> list[list[int]]:
        options = msgspec.structs.replace(OPTIONS, seed=seed, epochs=3, replay=0.6)
        return [[id(row) for row in step] for step in sft.plan(own, replay, options)]

    assert planned(1) == planned(1)
    assert planned(1) != planned(2)
    counted = [each for step in planned(1) for each in step]
    assert all(counted.count(id(row)) == 3 for row in own)


def test_learning_that_leaves_the_numbers_stops(model: Any) -> None:
    seen: list[Step] = []
    options = msgspec.structs.replace(OPTIONS, learning_rate=1e30, warmup=0, epochs=50)
    sft.add_lora(model, options)
    with pytest.raises(descent.NotFinite, match=r"the loss of step \d+ is"):
        seen.extend(Descent(model, sft.plan(toys(), [], options), options))
    assert len(seen) < 5


class Clock:
    """Goes on by `pace` whenever it is looked at."""

    def __init__(self, pace: float) -> None:
        self.pace, self.time = pace, 0.0

    def __call__(self) -> float:
        self.time += self.pace
        return self.time


@pytest.mark.parametrize(("pace", "shortened"), [(1.0, True), (0.001, False)])
def test_a_time_budget_shortens_the_schedule(model: Any, pace: float, shortened: bool) -> None:
    options = msgspec.structs.replace(OPTIONS, epochs=40, seconds=30.0)
    sft.add_lora(model, options)
    clock = Clock(pace)
    steps = list(Descent(model, sft.plan(toys(), [], options), options, now=clock))
    assert (len(steps) < 40) is shortened
    assert len(steps) > 1
    assert steps[-1].number == steps[-1].steps
    assert clock.time <= 30.0 + 4 * pace


def test_a_budget_too_short_for_anything_still_makes_a_step(model: Any) -> None:
    options = msgspec.structs.replace(OPTIONS, seconds=0.5)
    sft.add_lora(model, options)
    steps = Descent(model, sft.plan(toys(), [], options), options, now=Clock(100.0))
    assert [(step.number, step.steps) for step in steps] == [(1, 1)]


def test_the_rate_warms_up_and_falls() -> None:
    options = msgspec.structs.replace(OPTIONS, learning_rate=1.0, warmup=4)
    rates = [descent.rate(options, done, 20) for done in range(20)]
    assert rates[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert descent.rate(options, 12, 20) == pytest.approx(0.55)
    last = pytest.approx(descent.LAST_RATE)
    assert descent.rate(options, 20, 20) == descent.rate(options, 30, 20) == last


def read(model: Any, row: Row) -> Any:
    """Log-probabilities (places, vocabulary) of the model at the row's places."""
    ids = mx.array(row.ids)
    states = forward.hidden(model, ids, mx.zeros_like(ids))[mx.array(row.places)]
    found = np.array(forward.logits(model, states)).astype(np.float64)
    found -= found.max(axis=-1, keepdims=True)
    return found - np.log(np.exp(found).sum(axis=-1, keepdims=True))


def test_the_bare_model_is_recalled_while_another_is_trained(model: Any) -> None:
    row = packing.row(example(8, length=40), recalled=True)
    before = read(model, row)
    trained(model)
    assert not np.allclose(read(model, row), before, atol=1e-2)
    with bare(model):
        np.testing.assert_allclose(read(model, row), before, atol=1e-4)
    other = packing.row(example(9, length=33), recalled=True)
    plain = toys(1)[0]
    recall = Recall(model, [[row, plain, other], [other, row]])
    first, same, second = recall([row, plain, other])
    assert same is plain
    found = np.array(forward.logits(model, mx.array(first.states)))
    away = found - before
    np.testing.assert_allclose(away - away[:, :1], 0.0, atol=1e-4)
    again = recall([other, row])
    assert again[0].states is second.states
    assert again[1].states is first.states


def test_the_loss_of_what_is_recalled_is_the_divergence_from_the_bare_model(model: Any) -> None:
    row = packing.row(example(8, length=40), recalled=True)
    sft.add_lora(model, OPTIONS)
    recalled = packing.pack(Recall(model, [[row]])([row]))
    assert float(sft.loss(model, *sft.arrays(recalled))) == pytest.approx(0.0, abs=1e-5)
    before = read(model, row)
    list(Descent(model, sft.plan(toys(), [], OPTIONS), OPTIONS))
    divergence = (np.exp(before) * (before - read(model, row))).sum(axis=-1)
    found = float(sft.loss(model, *sft.arrays(recalled)))
    assert found == pytest.approx(float(divergence.mean()), rel=1e-3)
    assert found > 0.01


def test_what_is_recalled_stays(model: Any) -> None:
    """The same training with a text recalled beside it drifts less from the bare model."""
    options = msgspec.structs.replace(OPTIONS, epochs=15, replay=0.5)
    replay = [packing.row(example(8, length=40), recalled=True)]
    sft.add_lora(model, options)
    kept = packing.pack(Recall(model, [replay])(replay))
    fresh = {name: mx.array(each) for name, each in sft.matrices(model).items()}

    def drift(replay: list[Row]) -> float:
        model.load_weights(list(fresh.items()), strict=False)
        steps = list(Descent(model, sft.plan(toys(), replay, options), options))
        assert steps[-1].loss < 0.7 * steps[0].loss
        return float(sft.loss(model, *sft.arrays(kept)))

    assert drift(replay) < 0.3 * drift([])


def test_a_step_in_pieces_is_the_same_step(tiny_llama: Callable[[str], Path]) -> None:
    def losses(pieces: int) -> list[float]:
        model, _ = weights.load(tiny_llama("F32"), quantized=False)
        sft.add_lora(model, OPTIONS)
        replay = [packing.row(example(8, length=40), recalled=True, weight=3.0)]
        options = msgspec.structs.replace(OPTIONS, replay=0.5, tokens=200)
        plan = sft.plan([*toys(3), packing.row(example(5, 50))], replay, options)
        return [step.loss for step in Descent(model, plan[:4], options, pieces=pieces)]

    whole = losses(1)
    assert whole[-1] < whole[0]
    assert losses(2) == pytest.approx(whole, rel=1e-3)
    assert losses(9) == pytest.approx(whole, rel=1e-3)


@given(st.lists(st.integers(5, 60), min_size=1, max_size=12), st.integers(1, 5))
def test_pieces_have_all_rows_in_about_equal_parts(lengths: list[int], pieces: int) -> None:
    rows = [packing.row(example(number, length + 1)) for number, length in enumerate(lengths)]
    parts = packing.divided(rows, pieces)
    assert [id(row) for part in parts for row in part] == [id(row) for row in rows]
    assert all(parts)
    assert len(parts) <= pieces
    room = sum(lengths) / pieces + max(lengths)
    assert all(sum(len(row.ids) for row in part) <= room for part in parts)
