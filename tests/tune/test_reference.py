"""A step's loss and gradients are those of a plain reference implementation, for any mask.

The reference knows nothing of packs, places, blocks or kernels: each example goes by itself
through mlx-lm's own model, whole logits are made, and MLX derives the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlx import nn
from mlx.utils import tree_flatten

from localai.lessons.maker import Example
from localai.tune import backward, forward, kernels, objective, packing, recall, sft, weights
from localai.tune.plan import Options
from tests.tune.tiny_llama import ids

CLOSE = 1e-4
OPTIONS = Options(rank=2, learning_rate=1e-3, epochs=1, replay=0.5)

WEIGHTS = st.sampled_from([0.0, 0.0, 1.0, 0.25, 3.0])
MASKS = st.lists(WEIGHTS, min_size=2, max_size=90).filter(lambda mask: any(mask[1:]))
"""What each token of an example counts: spans, holes, single tokens, the first and last ones."""

EXAMPLES = st.lists(st.tuples(MASKS, st.booleans()), min_size=1, max_size=4)
"""Masks, and whether the example is recalled."""


@pytest.fixture(scope="module")
def model(tiny_llama: Callable[[str], Path]) -> Any:
    """A tiny model beside whose layers both matrices already matter."""
    found, _ = weights.load(tiny_llama("F32"), quantized=False)
    sft.add_lora(found, OPTIONS)
    draw = np.random.default_rng(3)
    for name, matrix in sft.matrices(found).items():
        values = draw.normal(0, 0.1, matrix.shape).astype(np.float32)
        found.load_weights([(name, mx.array(values))], strict=False)
    return found


@pytest.fixture(params=["on a CPU", "as on a GPU"], autouse=True)
def kind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both ways to compute, whatever there is here."""
    cpu = request.param == "on a CPU"
    with pytest.MonkeyPatch.context() as patch:
        for module in (backward, forward, kernels, objective, sft):
            if hasattr(module, "on_cpu"):
                patch.setattr(module, "on_cpu", lambda: cpu)
        yield


def logprobs(model: Any, example: Example) -> mx.array:
    found = model(mx.array(example.ids[:-1])[None])[0]
    return found - mx.logsumexp(found, axis=-1, keepdims=True)


def reference(model: Any, examples: list[tuple[Example, bool]], bare: list[mx.array]) -> mx.array:
    """The weighted mean over all tokens that count; `bare`: what the model says without its
    matrices, example by example."""
    total, count = mx.array(0.0), 0.0
    for (example, recalled), wanted in zip(examples, bare, strict=True):
        found, counts = logprobs(model, example), mx.array(example.weights[1:])
        if recalled:
            each = (mx.exp(wanted) * (wanted - found)).sum(axis=-1)
        else:
            targets = mx.array(example.ids[1:])[:, None]
            each = -mx.take_along_axis(found, targets, axis=-1)[:, 0]
        total = total + (each * counts).sum()
        count += sum(example.weights[1:])
    return total / count


def check(model: Any, examples: list[tuple[Example, bool]]) -> None:
    """Compare a step of these examples with the reference."""
    rows = [packing.row(example, recalled=recalled) for example, recalled in examples]
    step = sft.arrays(packing.pack(recall.Recall(model, [rows])(rows)))
    with recall.bare(model):
        bare = [logprobs(model, example) for example, _ in examples]
        mx.eval(bare)
    value, wanted = nn.value_and_grad(model, reference)(model, examples, bare)
    expected = dict(tree_flatten(wanted))
    ways = [nn.value_and_grad(model, sft.loss)]
    if kernels.on_cpu():
        ways.append(backward.value_and_gradients)
    for way in ways:
        found, gradients = way(model, *step)
        assert float(found) == pytest.approx(float(value), rel=CLOSE, abs=CLOSE)
        named = dict(tree_flatten(gradients))
        assert named.keys() == expected.keys()
        for name, each in named.items():
            whole = np.array(expected[name])
            assert np.abs(np.array(each) - whole).max() <= CLOSE * np.abs(whole).max()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(EXAMPLES, st.integers(0, 9))
def test_a_step_is_the_reference(
    model: Any, masks: list[tuple[list[float], bool]], seed: int
) -> None:
    examples = [
        (Example(tuple(ids(len(mask), seed + at).tolist()), tuple(mask)), recalled)
        for at, (mask, recalled) in enumerate(masks)
    ]
    check(model, examples)  # packed
    check(model, examples[:1])


def test_the_reference_notices_a_neighbour(model: Any) -> None:
    """A test of the test: examples that see each other do not give its gradients."""
    example = Example(tuple(ids(40).tolist()), (1.0,) * 40)
    pack = packing.pack([packing.row(example), packing.row(example)])
    seen, segments, *rest = sft.arrays(pack)
    value = sft.loss(model, seen, mx.zeros_like(segments), *rest)
    expected = reference(model, [(example, False)] * 2, [mx.zeros((39, 1))] * 2)
    assert abs(float(value) - float(expected)) > CLOSE
