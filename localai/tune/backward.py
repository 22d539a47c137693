"""The gradient of a step, half a layer at a time: for a CPU, where memory is what runs out.

What NumPy reads is computed while MLX still records (`kernels`), and MLX then keeps every
value of the step to its end. So the step runs unrecorded, and only what goes into each half
layer and what is mixed in it are kept. From these its parts are recorded again when their
gradients are asked for (gradient checkpointing, Chen et al. 2016, arXiv:1604.06174). That
costs next to nothing: every part ends with linear layers, whose products no gradient reads,
and MLX does not compute what nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import mlx.core as mx
from mlx.utils import tree_flatten

from localai.tune import forward
from localai.tune.objective import objective


class Kept(NamedTuple):
    """Of a half layer: what went in, what was mixed, and, where it is normed, what was found."""

    half: forward.Half
    x: mx.array
    inner: list[mx.array]
    found: mx.array | None


def value_and_gradients(
    model: Any, ids: mx.array, segments: mx.array, *wanted: mx.array
) -> tuple[mx.array, dict[str, Any]]:
    """`sft.loss` and its gradients to what is trained in linear layers, as `nn.value_and_grad`
    gives them."""
    attend, x = forward.attending(segments), forward.embedded(model, ids)
    learns = [bool(tree_flatten(layer.trainable_parameters())) for layer in model.layers]
    lowest = learns.index(True)
    layers: list[list[Kept]] = []
    for at, layer in enumerate(model.layers):
        layers.append([])
        for half in forward.halves(layer, attend):
            inner = half.inner(x)
            found = half.found(*inner)
            if at >= lowest:
                layers[-1].append(Kept(half, x, inner, found if half.after else None))
            x = half.added(x, found)
            mx.eval(x)
    value, along = mx.value_and_grad(lambda x: objective(model, model.model.norm(x), *wanted))(x)
    mx.eval(value, along)
    gradients: list[dict[str, Any]] = []
    while len(layers) > lowest:
        gradients.append({})
        for kept in reversed(layers.pop()):
            gradients[-1][kept.half.name], along = _back(kept, along)
            mx.eval(along)
            mx.async_eval(gradients[-1])  # meanwhile NumPy mixes what is next
    return value, {"model": {"layers": [*({} for _ in layers), *gradients[::-1]]}}


def _back(kept: Kept, along: mx.array) -> tuple[dict[str, Any], mx.array]:
    """The gradients to the half layer's matrices and to what went in, from the one to what
    came out."""
    half, x, inner, found = kept
    to_found = along
    if half.after and found is not None:
        (to_found,) = mx.vjp(half.after, [found], [along])[1]

    def last(*inner: mx.array) -> list[mx.array]:
        return [half.found(*inner)]

    written, to_inner = _gradients(half.module, [half.out], last, inner, [to_found])
    read, (to_x,) = _gradients(half.module, half.read, half.inner, [x], to_inner)
    return read | written, along + to_x


def _gradients(
    module: Any,
    names: Sequence[str],
    part: Callable[..., list[mx.array]],
    inputs: Sequence[mx.array],
    alongs: Sequence[mx.array],
) -> tuple[dict[str, Any], list[mx.array]]:
    """The gradients to what is trained in the module's linear layers `names` and to the inputs
    of the part that they are in, from those to what comes out of it."""

    def scaled(trained: dict[str, Any], *inputs: mx.array) -> mx.array:
        for name, each in trained.items():
            module[name].update(each)
        pairs = zip(part(*inputs), alongs, strict=True)
        return sum(((found * along).sum() for found, along in pairs), mx.array(0.0))

    trained = {name: module[name].trainable_parameters() for name in names}
    found, *to_inputs = mx.grad(scaled, tuple(range(len(inputs) + 1)))(trained, *inputs)
    return found, to_inputs
