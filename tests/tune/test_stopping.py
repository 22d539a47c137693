"""Training ends when what is held out gets no better, with the matrices that were best."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from localai.tune import packing, sft, stopping, weights
from localai.tune.descent import Descent
from localai.tune.plan import Options
from tests.tune.tiny_examples import example

OPTIONS = Options(rank=4, learning_rate=5e-3, warmup=2, epochs=100, tokens=64, replay=0.0)
OWN = [packing.row(example(seed)) for seed in range(2)]
OTHERS = [packing.row(example(seed)) for seed in range(10, 14)]


@pytest.fixture
def model(tiny_llama: Callable[[str], Path]) -> Any:
    found = weights.load(tiny_llama("F32"), quantized=False)[0]
    sft.add_lora(found, OPTIONS)
    return found


def descent(model: Any, held: list[packing.Row], options: Options = OPTIONS) -> Descent:
    return Descent(model, sft.plan(OWN, [], options), options, held=held)


def loss(model: Any, rows: list[packing.Row]) -> float:
    return float(sft.loss(model, *sft.arrays(packing.pack(rows))))


def test_texts_that_training_does_not_help_end_it(model: Any) -> None:
    """Learning by heart makes other random texts less likely, sooner or later."""
    steps = list(descent(model, OTHERS))
    told = {step.number: step.held for step in steps if step.held is not None}
    assert list(told) == list(range(stopping.OFTEN, steps[-1].number + 1, stopping.OFTEN))
    best = min(told, key=lambda number: told[number])
    assert (
        steps[-1].number
        == best + stopping.PATIENCE * stopping.OFTEN
        < len(sft.plan(OWN, [], OPTIONS))
    )
    assert steps[-1].steps == steps[-1].number
    assert loss(model, OTHERS) == pytest.approx(told[best], rel=1e-4)
    assert told[steps[-1].number] > told[best]


def test_what_helps_goes_on_to_the_end(model: Any) -> None:
    options = msgspec.structs.replace(OPTIONS, epochs=24)
    steps = list(descent(model, OWN, options))
    assert steps[-1].number == 24
    assert [step.number for step in steps if step.held is not None] == [10, 20, 24]
    assert steps[-1].held == pytest.approx(loss(model, OWN), rel=1e-4)


def test_nothing_held_out_is_nothing_measured(model: Any) -> None:
    options = msgspec.structs.replace(OPTIONS, epochs=12)
    assert {step.held for step in descent(model, [], options)} == {None}


def test_it_goes_on_with_what_was_best(tiny_llama: Callable[[str], Path]) -> None:
    def begun() -> Descent:
        model = weights.load(tiny_llama("F32"), quantized=False)[0]
        sft.add_lora(model, OPTIONS)
        return descent(model, OTHERS)

    whole, first, second = begun(), begun(), begun()
    steps = list(whole)
    made = list(islice(first, steps[-1].number - 5))
    second.go_on(first.position, first.arrays())
    made += list(second)
    assert [(step.loss, step.held) for step in made] == [(s.loss, s.held) for s in steps]
    assert second.position.best == whole.position.best
    expected, found = whole.arrays(), second.arrays()
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
