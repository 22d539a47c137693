"""The gradient of a step, a layer at a time: for a CPU, where memory is what runs out.

What NumPy reads is computed while MLX still records (`kernels`), and MLX then keeps every
value of the step to its end. So the lower layers run unrecorded first, and each is run
again, recorded, when its gradient is asked for (gradient checkpointing, Chen et al. 2016,
arXiv:1604.06174); the upper ones are recorded together and run once.
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx

from localai.tune import forward
from localai.tune.objective import objective

ONCE = 12
"""Layers at the top that run once: each of them costs memory, each other one time."""


def value_and_gradients(
    model: Any, ids: mx.array, segments: mx.array, *wanted: mx.array
) -> tuple[mx.array, dict[str, Any]]:
    """`sft.loss` and its gradients, as `nn.value_and_grad` gives them."""
    attend = forward.attending(segments)
    lower, upper = model.layers[:-ONCE], model.layers[-ONCE:]
    x, before = forward.embedded(model, ids), []
    for layer in lower:
        before.append(x)
        x = forward.through(layer, x, attend)
        mx.eval(x)

    def top(matrices: list[Any], x: mx.array) -> mx.array:
        for layer, each in zip(upper, matrices, strict=True):
            layer.update(each)
            x = forward.through(layer, x, attend)
        return objective(model, model.model.norm(x), *wanted)

    trained = [layer.trainable_parameters() for layer in upper]
    value, (gradients, along) = mx.value_and_grad(top, argnums=(0, 1))(trained, x)
    mx.eval(value, gradients, along)
    found = []
    for layer, x in zip(reversed(lower), reversed(before), strict=True):
        gradient, along = _back(layer, x, along, attend)
        mx.eval(gradient, along)
        found.append(gradient)
    return value, {"model": {"layers": [*reversed(found), *gradients]}}


def _back(
    layer: Any, x: mx.array, along: mx.array, attend: forward.Attending
) -> tuple[dict[str, Any], mx.array]:
    """The gradients to the layer's matrices and to what it read, from the one to what came
    out of it."""

    def scaled(matrices: dict[str, Any], x: mx.array) -> mx.array:
        layer.update(matrices)
        return (forward.through(layer, x, attend) * along).sum()

    gradients: tuple[dict[str, Any], mx.array] = mx.grad(scaled, argnums=(0, 1))(
        layer.trainable_parameters(), x
    )
    return gradients
