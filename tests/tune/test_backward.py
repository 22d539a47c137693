"""The gradient that is made half a layer at a time is the one that MLX makes at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import msgspec
import numpy as np
import pytest
from mlx import nn
from mlx.utils import tree_flatten

from localai.lessons.maker import Example
from localai.tune import backward, packing, sft, weights
from localai.tune.descent import Descent
from localai.tune.plan import Options
from localai.tune.recall import Recall
from scripts.tiny_trained import ARCHITECTURES
from tests.tune.tiny_llama import ids

OPTIONS = Options(rank=4, learning_rate=5e-3, warmup=1, epochs=2, tokens=64, replay=0.5)


def test_it_is_the_whole_gradient(tiny_llama: Callable[[str], Path]) -> None:
    gradients_agree(tiny_llama("F32"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_is_that_of_every_architecture(wide: Callable[[str], Path], architecture: str) -> None:
    gradients_agree(wide(architecture))


@pytest.mark.parametrize(
    "some",
    [{"layers": 1}, {"targets": ("q_proj", "down_proj")}, {"layers": 2, "targets": ("k_proj",)}],
)
def test_it_is_that_of_what_learns(tiny_llama: Callable[[str], Path], some: dict[str, Any]) -> None:
    gradients_agree(tiny_llama("F32"), msgspec.structs.replace(OPTIONS, **some))


def test_no_gradient_goes_below_what_learns(
    tiny_llama: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = weights.load(tiny_llama("F32"))
    sft.add_lora(model, msgspec.structs.replace(OPTIONS, layers=1))
    example = Example(tuple(ids(24, 1).tolist()), (*[0.0] * 12, *[1.0] * 12))
    halves, back = list[str](), backward._back

    def counted(kept: backward.Kept, along: mx.array) -> tuple[dict[str, Any], mx.array]:
        halves.append(kept.half.name)
        return back(kept, along)

    monkeypatch.setattr(backward, "_back", counted)
    backward.value_and_gradients(model, *sft.arrays(packing.pack([packing.row(example)])))
    assert len(model.layers) > 1
    assert halves == ["mlp", "self_attn"]


def test_weights_as_narrow_as_in_the_file_have_gradients_too(
    tiny_llama: Callable[[str], Path],
) -> None:
    gradients_agree(tiny_llama("Q8_0"), quantized=True)


def gradients_agree(path: Path, options: Options = OPTIONS, *, quantized: bool = False) -> None:
    model, _ = weights.load(path, quantized=quantized)
    sft.add_lora(model, options)
    examples = [
        Example(tuple(ids(24, seed).tolist()), (*[0.0] * 12, *[1.0] * 12)) for seed in range(3)
    ]
    rows = [packing.row(each, recalled=i == 2) for i, each in enumerate(examples)]
    list(Descent(model, sft.plan(rows[:2], rows[2:], options), options))  # else b is 0
    step = sft.arrays(packing.pack(Recall(model, [rows])(rows)))
    value, gradients = backward.value_and_gradients(model, *step)
    expected, wanted = nn.value_and_grad(model, sft.loss)(model, *step)
    assert float(value) == pytest.approx(float(expected), rel=1e-5)
    found, whole = dict(tree_flatten(gradients)), dict(tree_flatten(wanted))
    assert found.keys() == whole.keys() == sft.matrices(model).keys()
    for name, each in found.items():
        assert mx.abs(whole[name]).max() > 0
        np.testing.assert_allclose(np.array(each), np.array(whole[name]), rtol=1e-3, atol=1e-6)
