"""The forward pass of our own makes what mlx-lm's makes, and its gradients are right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from localai.tune import forward, weights
from tests.tune.tiny_llama import ids


def test_it_is_the_models_own_forward_pass(tiny_llama: Callable[[str], Path]) -> None:
    model, _ = weights.load(tiny_llama("F32"), quantized=False)
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
def test_segments_do_not_see_each_other(tiny_llama: Callable[[str], Path], split: int) -> None:
    model, _ = weights.load(tiny_llama("F32"), quantized=False)
    read = mx.array(ids(40))
    segments = (mx.arange(40) >= split).astype(mx.int32)
    together = np.array(forward.hidden(model, read, segments))
    for at, end in ((0, split), (split, 40)):
        part = read[at:end]
        alone = np.array(forward.hidden(model, part, mx.zeros_like(part)))
        np.testing.assert_allclose(together[at:end], alone, atol=1e-4)
