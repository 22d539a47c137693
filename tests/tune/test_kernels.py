"""What NumPy computes for MLX on a CPU is what MLX computes, gradients, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from localai.tune import kernels
from localai.tune.kernels import Part

PARTS = [slice(0, 5), slice(5, 6), slice(6, 19)]
LENGTH, WIDTH = 19, 8


@pytest.fixture(autouse=True)
def on_cpu() -> Any:
    with mx.stream(mx.cpu):
        yield


def normal(*shape: int, seed: int = 0) -> mx.array:
    return mx.array(np.random.default_rng(seed).normal(0, 2, shape).astype(np.float32))


def same(
    ours: Callable[..., mx.array], theirs: Callable[..., mx.array], *arguments: mx.array
) -> None:
    """Values and the gradients to all arguments agree."""
    along = normal(*ours(*arguments).shape, seed=9)
    numbers = tuple(range(len(arguments)))
    found, expected = (
        (
            each(*arguments),
            *mx.grad(lambda *a, each=each: (each(*a) * along).sum(), numbers)(*arguments),
        )
        for each in (ours, theirs)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.array(one), np.array(other), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("ours", "unit"), [(kernels.silu_gated, nn.silu), (kernels.gelu_gated, nn.gelu_approx)]
)
def test_gated_units(ours: Callable[..., mx.array], unit: Callable[[mx.array], mx.array]) -> None:
    same(ours, lambda gate, up: unit(gate) * up, normal(7, 12), normal(7, 12, seed=1))
    far = mx.array([-1e4, -100.0, 100.0, 1e4])
    np.testing.assert_allclose(np.array(ours(far, mx.ones(4))), [0, 0, 100, 1e4])
    slope = mx.grad(lambda gate: ours(gate, mx.ones(4)).sum())(far)
    np.testing.assert_allclose(np.array(slope), [0, 0, 1, 1], atol=1e-6)


@pytest.mark.parametrize("window", [0, 1, 4, 30])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("at_once", [1, 5, kernels.ROWS])
def test_attention_within_each_part(
    groups: int, window: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "ROWS", at_once)
    segments = np.concatenate([np.full(p.stop - p.start, i) for i, p in enumerate(PARTS)])
    places = np.arange(LENGTH)
    back = places[:, None] - places
    mask = (segments[:, None] == segments) & (back >= 0) & (back < (window or LENGTH))

    def theirs(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        return mx.fast.scaled_dot_product_attention(
            queries, keys, values, scale=1.0, mask=mx.array(mask)
        )

    others = normal(1, groups, LENGTH, WIDTH, seed=2), normal(1, groups, LENGTH, WIDTH, seed=3)
    same(
        kernels.attention([Part(own) for own in PARTS], window),
        theirs,
        normal(1, 4, LENGTH, WIDTH),
        *others,
    )


def test_exp() -> None:
    x = mx.array([-1e9, -float("inf"), *np.linspace(-87, 88, 1001).tolist()])
    np.testing.assert_allclose(np.array(kernels.exp(x)), np.exp(np.array(x)), rtol=1e-6)


def test_log_softmax_over_a_wide_vocabulary() -> None:
    x = np.array(normal(3, 50_000, seed=4), np.float64)
    expected = x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
    found = np.array(kernels.log_softmax(mx.array(x.astype(np.float32))))
    np.testing.assert_allclose(found, expected, atol=5e-6)


def test_the_exponential_of_what_is_too_large_is_infinite_without_a_warning() -> None:
    assert np.isinf(np.array(kernels.exp(mx.array([1e3]))))
