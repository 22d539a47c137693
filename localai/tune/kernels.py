"""Attention, gated units and the exponential on a CPU, by NumPy, with gradients of their own.

MLX takes 15 ns for an exponential on an x86 CPU, where it has no vector code, NumPy 1.5;
and examples that share a line have to be attended one by one, which in MLX is many tiny
operations. MLX cannot see into NumPy, so each function brings its gradient. On a GPU
MLX's own are used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn

Floats = np.ndarray[Any, np.dtype[np.float32]]

Attend = Callable[[mx.array, mx.array, mx.array], mx.array]
"""Attention: queries (1, heads, length, width), scaled; keys and values (1, groups, ...)."""

GELU_LINEAR, GELU_CUBIC = 2 * (2 / np.pi) ** 0.5, 0.044715

unwarned = np.errstate(over="ignore", invalid="ignore")
"""For learning that leaves the numbers: whoever looks at the loss sees it there."""


def on_cpu() -> bool:
    """Whether MLX computes on the CPU here."""
    return bool(mx.default_device() == mx.cpu)


def exp(x: mx.array) -> mx.array:
    """e**x; on a CPU no gradient goes through it."""
    return mx.array(_exp(_view(x))) if on_cpu() else mx.exp(x)


@unwarned
def _exp(x: Floats) -> Floats:
    found: Floats = np.exp(x)
    return found


def silu_gated(gate: mx.array, up: mx.array) -> mx.array:
    """SiLU(gate) * up (SwiGLU: Shazeer 2020, arXiv:2002.05202)."""
    return _silu(gate, up)[0] if on_cpu() else nn.silu(gate) * up


def gelu_gated(gate: mx.array, up: mx.array) -> mx.array:
    """GELU(gate) * up, the GELU that tanh approximates (Hendrycks 2016, arXiv:1606.08415)."""
    return _gelu(gate, up)[0] if on_cpu() else nn.gelu_approx(gate) * up


def _bent(gate: Floats) -> Floats:
    """What GELU's sigmoid reads: GELU(x) is x * sigmoid of this."""
    found: Floats = gate * gate
    found *= np.float32(GELU_CUBIC)
    found += 1
    found *= gate
    found *= np.float32(GELU_LINEAR)
    return found


def _bent_slope(gate: Floats) -> Floats:
    """The derivative of `_bent`."""
    found: Floats = gate * gate
    found *= np.float32(3 * GELU_CUBIC)
    found += 1
    found *= np.float32(GELU_LINEAR)
    return found


def _gated(
    bent: Callable[[Floats], Floats] | None = None, slope: Callable[[Floats], Floats] | None = None
) -> Any:
    """The function of gate and up that gives gate * sigmoid(bent(gate)) * up, and that
    sigmoid; `slope` is the derivative of `bent`. None: of the gate itself."""

    @mx.custom_function  # type: ignore[untyped-decorator]
    @unwarned
    def gated(gate: mx.array, up: mx.array) -> tuple[mx.array, mx.array]:
        view = _view(gate)
        found = np.negative(bent(view) if bent else view)
        np.exp(found, out=found)  # where it is infinite, the sigmoid is 0
        found += 1
        np.reciprocal(found, out=found)
        product = found * view
        product *= _view(up)
        return mx.array(product), mx.array(found)

    @gated.vjp  # type: ignore[untyped-decorator]
    @unwarned
    def _(primals: Any, cotangents: Any, outputs: Any) -> tuple[mx.array, mx.array]:
        gate, up, along, sigmoid = map(_view, (*primals, cotangents[0], outputs[1]))
        unit = gate * sigmoid
        found = gate - unit  # the derivative: sigmoid * (1 + (gate - unit) * slope)
        if slope:
            found *= slope(gate)
        found += 1
        found *= sigmoid
        found *= up
        found *= along
        unit *= along
        return mx.array(found), mx.array(unit)

    return gated


_silu, _gelu = _gated(), _gated(_bent, _bent_slope)


def attention(parts: Sequence[slice], window: int = 0) -> Attend:
    """Causal attention within each part of a line, on a CPU, to the last `window` positions
    (0: to all)."""
    unseen = _unseen(max(part.stop - part.start for part in parts), window)

    def weigh(queries: Floats, keys: Floats) -> Floats:
        """Attention weights (groups, heads * length, length) in one part."""
        length = keys.shape[1]
        found: Floats = queries @ keys.swapaxes(-1, -2)
        by_head = found.reshape(len(keys), -1, length, length)
        by_head += unseen[:length, :length]
        found -= found.max(axis=-1, keepdims=True)
        np.exp(found, out=found)
        found /= found.sum(axis=-1, keepdims=True)
        return found

    @mx.custom_function  # type: ignore[untyped-decorator]
    @unwarned
    def attend(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        found, views = np.empty(queries.shape, np.float32), _grouped(queries, keys, values)
        for part in parts:
            q, k, v = _taken(part, views)
            _put(part, found, weigh(q, k) @ v)
        return mx.array(found)

    @attend.vjp  # type: ignore[untyped-decorator]
    @unwarned
    def _(primals: Any, cotangent: mx.array, _: mx.array) -> tuple[mx.array, ...]:
        found = [np.empty(each.shape, np.float32) for each in primals]
        views = _grouped(*primals, cotangent)
        for part in parts:
            q, k, v, along = _taken(part, views)
            new = _back(weigh(q, k), q, k, v, along)
            for each, values in zip(found, new, strict=True):
                _put(part, each, values)
        return tuple(map(mx.array, found))

    found: Attend = attend
    return found


def _unseen(length: int, window: int) -> Floats:
    """What is added to scores (length, length): next to nothing is left of what comes later,
    or is further back than the window."""
    places = np.arange(length)
    back = places[:, None] - places
    seen = (back >= 0) & (back < (window or length))
    return np.where(seen, np.float32(0), np.float32(-1e9))


def _back(weights: Floats, q: Floats, k: Floats, v: Floats, along: Floats) -> tuple[Any, Any, Any]:
    """Gradients to queries, keys and values, from the one to what was attended."""
    slope = along @ v.swapaxes(-1, -2)
    slope *= weights
    slope -= weights * slope.sum(axis=-1, keepdims=True)
    return slope @ k, slope.swapaxes(-1, -2) @ q, weights.swapaxes(-1, -2) @ along


def _grouped(queries: mx.array, keys: mx.array, *others: mx.array) -> list[Floats]:
    """As (groups, heads of a group, length, width); a key is for all heads of its group."""
    groups = keys.shape[1]
    return [_view(x).reshape(groups, -1, *x.shape[2:]) for x in (queries, keys, *others)]


def _taken(part: slice, views: Sequence[Floats]) -> list[Floats]:
    """One part as (groups, heads of a group * length, width): one matrix for each group."""
    return [each[:, :, part].reshape(len(each), -1, each.shape[-1]) for each in views]


def _put(part: slice, whole: Floats, values: Floats) -> None:
    """Write what belongs to one part into an array (1, heads, length, width)."""
    whole[0, :, part] = values.reshape(whole.shape[1], -1, whole.shape[-1])


def _view(x: mx.array) -> Floats:
    """The array's own memory, in float32; computes the array."""
    return np.array(x, dtype=np.float32, copy=None)
