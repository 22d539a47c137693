"""The objective and its gradient are those that MLX derives from the plain definition."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from localai.tune import objective
from localai.tune.objective import BLOCK

WIDTH, VOCABULARY = 6, 40


@pytest.fixture
def model() -> Any:
    """Just what is asked of a model: a table that its logits are made with."""
    head = nn.Linear(WIDTH, VOCABULARY, bias=False)
    head.weight = normal(VOCABULARY, WIDTH, seed=1)
    return SimpleNamespace(lm_head=head)


def normal(*shape: int, seed: int) -> mx.array:
    return mx.array(np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32))


def plain(
    model: Any,
    hidden: mx.array,
    places: mx.array,
    targets: mx.array,
    weights: mx.array,
    states: mx.array,
) -> mx.array:
    """The definition in one piece."""
    found = model.lm_head(hidden[places])
    found = found - mx.logsumexp(found, axis=-1, keepdims=True)
    n = len(targets)
    each = [-mx.take_along_axis(found[:n], targets[:, None], axis=-1)[:, 0]]
    if len(states):
        bare = model.lm_head(states)
        bare = bare - mx.logsumexp(bare, axis=-1, keepdims=True)
        each.append((mx.exp(bare) * (bare - found[n:])).sum(axis=-1))
    return (mx.concatenate(each) * weights).sum() / weights.sum()


@pytest.mark.parametrize(
    ("n", "m"), [(3, 0), (0, 4), (3, 4), (BLOCK, BLOCK + 1), (2 * BLOCK + 5, 1)]
)
def test_it_is_the_definition(model: Any, n: int, m: int) -> None:
    random = np.random.default_rng(n)
    arguments = (
        mx.array(random.permutation(n + m + 3)[: n + m].astype(np.int32)),
        mx.array(random.integers(0, VOCABULARY, n).astype(np.int32)),
        mx.array(random.uniform(0, 3, n + m).astype(np.float32)),
        normal(m, WIDTH, seed=3),
    )
    hidden = normal(n + m + 3, WIDTH, seed=2)
    found, expected = (
        mx.value_and_grad(lambda hidden, each=each: each(model, hidden, *arguments))(hidden)
        for each in (objective.objective, plain)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.array(one), np.array(other), rtol=1e-4, atol=1e-6)
