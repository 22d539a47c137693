"""The forward pass of our own makes what mlx-lm's makes, and its gradients are right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from localai.tune import forward, kernels, weights
from scripts.tiny_trained import ARCHITECTURES
from tests.tune.tiny_llama import ids


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_is_the_models_own_forward_pass(wide: Callable[[str], Path], architecture: str) -> None:
    model, _ = weights.load(wide(architecture), quantized=False)
    read = mx.array(ids(40))
    expected = np.array(model(read[None]))[0]
    found = forward.logits(model, forward.hidden(model, read, mx.zeros_like(read)))
    np.testing.assert_allclose(np.array(found), expected, rtol=1e-4, atol=1e-4)


def test_gradients_are_those_of_the_models_own(tiny_llama: Callable[[str], Path]) -> None:
    model, _ = weights.load(tiny_llama("F32"), quantized=False)
    read = mx.array(ids(40))
    weight = model.layers[0].self_attn.v_proj.weight
    seen = np.random.default_rng(1).normal(size=(40, model.args.hidden_size))
    along = mx.array(seen.astype(np.float32))

    def ours(each: mx.array) -> mx.array:
        model.layers[0].self_attn.v_proj.weight = each
        return (forward.hidden(model, read, mx.zeros_like(read)) * along).sum()

    def theirs(each: mx.array) -> mx.array:
        model.layers[0].self_attn.v_proj.weight = each
        return (model.model(read[None])[0] * along).sum()

    found, expected = (np.array(mx.grad(each)(weight)) for each in (ours, theirs))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * abs(expected).max())


@pytest.mark.parametrize("split", [1, 17, 39])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_segments_do_not_see_each_other(
    wide: Callable[[str], Path], architecture: str, split: int
) -> None:
    model, _ = weights.load(wide(architecture), quantized=False)
    read = mx.array(ids(40))
    segments = (mx.arange(40) >= split).astype(mx.int32)
    together = np.array(forward.hidden(model, read, segments))
    for at, end in ((0, split), (split, 40)):
        part = read[at:end]
        alone = np.array(forward.hidden(model, part, mx.zeros_like(part)))
        np.testing.assert_allclose(together[at:end], alone, atol=1e-4)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_attention_by_mask_is_attention_one_by_one(
    wide: Callable[[str], Path], architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a GPU computes is what a CPU computes."""
    model, _ = weights.load(wide(architecture), quantized=False)
    read, segments = mx.array(ids(40)), mx.array([0] * 25 + [1] * 15)
    one_by_one = np.array(forward.hidden(model, read, segments))
    for module in (forward, kernels):
        monkeypatch.setattr(module, "on_cpu", lambda: False)
    by_mask = np.array(forward.hidden(model, read, segments))
    np.testing.assert_allclose(by_mask, one_by_one, rtol=1e-3, atol=1e-4)


def test_weights_half_as_wide_narrow_what_they_read_and_nothing_else() -> None:
    layer = nn.Linear(8, 4, bias=False)
    layer.weight = layer.weight.astype(mx.bfloat16)
    x = mx.random.normal((3, 8), key=mx.random.key(1))
    found = forward._linear(layer, x)
    assert found.dtype == mx.float32
    assert mx.array_equal(found, layer(x.astype(mx.bfloat16)).astype(mx.float32))
