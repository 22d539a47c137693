"""Attention, gated units and the exponential on a CPU, by NumPy, with gradients of their own.

MLX takes 15 ns for an exponential on an x86 CPU, where it has no vector code, NumPy 1.5;
and examples that share a line have to be attended one by one, which in MLX is many tiny
operations. MLX cannot see into NumPy, so each function brings its gradient. On a GPU
MLX's own are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from mlx import nn

Floats = np.ndarray[Any, np.dtype[np.float32]]
Places = np.ndarray[Any, np.dtype[np.int64]]

Attend = Callable[[mx.array, mx.array, mx.array], mx.array]
"""Attention: queries (1, heads, length, width), scaled; keys and values (1, groups, ...)."""

GELU_LINEAR, GELU_CUBIC = 2 * (2 / np.pi) ** 0.5, 0.044715

ROWS = 128
"""Positions whose attention weights are computed at once."""

unwarned = np.errstate(over="ignore", invalid="ignore")
"""For learning that leaves the numbers: whoever looks at the loss sees it there."""


def on_cpu() -> bool:
    """Whether MLX computes on the CPU here."""
    return bool(mx.default_device() == mx.cpu)


def exp(x: mx.array) -> mx.array:
    """e**x; on a CPU no gradient goes through it."""
    return mx.array(_exp(_view(x))) if on_cpu() else mx.exp(x)


def log_softmax(x: mx.array) -> mx.array:
    """Log-probabilities over the last axis; on a CPU no gradient goes through them."""
    if on_cpu():
        return mx.array(_log_softmax(_view(x)))
    below = x - x.max(axis=-1, keepdims=True)
    return below - mx.log(mx.exp(below).sum(axis=-1, keepdims=True))


@unwarned
def _exp(x: Floats) -> Floats:
    found: Floats = np.exp(x)
    return found


@unwarned
def _log_softmax(x: Floats) -> Floats:
    found: Floats = x - x.max(axis=-1, keepdims=True)
    found -= np.log(np.exp(found).sum(axis=-1, keepdims=True))
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


NO_HEAD = slice(0, 0)


class Part(NamedTuple):
    """Positions of a line that belong together, going on from those of a `head`, if it is not
    empty, that others may go on from, too."""

    own: slice
    head: slice = NO_HEAD

    @property
    def offset(self) -> int:
        """How many positions there are before its own."""
        return int(self.head.stop - self.head.start)


class Block(NamedTuple):
    """Positions that look, those that they may look at, and what is added to the scores (rows,
    seen): next to nothing is left of what comes later, or is further back than the window."""

    rows: slice
    seen: slice | Places
    unseen: Floats


def attention(parts: Sequence[Part], window: int = 0) -> Attend:
    """Causal attention within each part of a line, on a CPU, to the last `window` positions
    (0: to all); some rows at a time, so that half of what nobody may see is not computed."""
    blocks = [block for part in parts for block in _blocks(part, window)]

    @mx.custom_function  # type: ignore[untyped-decorator]
    @unwarned
    def attend(queries: mx.array, keys: mx.array, values: mx.array) -> tuple[mx.array, ...]:
        found, weights = np.zeros(queries.shape, np.float32), []
        q, k, v = _grouped(queries, keys, values)
        for block in blocks:
            here = _weights(block, _taken(block.rows, q), _taken(block.seen, k))
            _add(block.rows, found, here @ _taken(block.seen, v))
            weights.append(mx.array(here))
        return mx.array(found), *weights

    @attend.vjp  # type: ignore[untyped-decorator]
    @unwarned
    def _(primals: Any, cotangents: Any, outputs: Any) -> tuple[mx.array, ...]:
        to_queries, to_keys, to_values = [np.zeros(each.shape, np.float32) for each in primals]
        q, k, v, along = _grouped(*primals, cotangents[0])
        for block, weights in zip(blocks, map(_view, outputs[1:]), strict=True):
            here = _taken(block.rows, along)
            slope: Floats = here @ _taken(block.seen, v).swapaxes(-1, -2)
            slope -= np.vecdot(slope, weights)[..., None]
            slope *= weights
            _add(block.rows, to_queries, slope @ _taken(block.seen, k))
            _add(block.seen, to_keys, slope.swapaxes(-1, -2) @ _taken(block.rows, q))
            _add(block.seen, to_values, weights.swapaxes(-1, -2) @ here)
        return mx.array(to_queries), mx.array(to_keys), mx.array(to_values)

    return lambda queries, keys, values: attend(queries, keys, values)[0]


def _blocks(part: Part, window: int) -> Iterator[Block]:
    """The rows of a part, ROWS at a time."""
    own, offset = part.own, part.offset
    for begin in range(own.start, own.stop, ROWS):
        end = min(begin + ROWS, own.stop)
        first = max(own.start, begin - window + 1) if window else own.start
        seen: slice | Places = slice(first, end)
        places = np.arange(first, end) - own.start + offset
        if offset:
            seen = np.r_[part.head, first:end]
            places = np.r_[:offset, places]
        back = np.arange(begin, end)[:, None] - own.start + offset - places
        visible = (back >= 0) & (back < (window or end + offset))
        unseen = np.where(visible, np.float32(0), np.float32(-1e9))
        yield Block(slice(begin, end), seen, unseen)


def _weights(block: Block, queries: Floats, keys: Floats) -> Floats:
    """What each row makes of what it sees: (groups, heads of a group * rows, seen)."""
    found: Floats = queries @ keys.swapaxes(-1, -2)
    by_head = found.reshape(len(keys), -1, *block.unseen.shape)
    by_head += block.unseen
    found -= found.max(axis=-1, keepdims=True)
    np.exp(found, out=found)
    found /= found.sum(axis=-1, keepdims=True)
    return found


def _grouped(queries: mx.array, keys: mx.array, *others: mx.array) -> list[Floats]:
    """As (groups, heads of a group, length, width); a key is for all heads of its group."""
    groups = keys.shape[1]
    return [_view(x).reshape(groups, -1, *x.shape[2:]) for x in (queries, keys, *others)]


def _taken(part: slice | Places, whole: Floats) -> Floats:
    """One part as (groups, heads of a group * length, width): one matrix for each group."""
    return whole[:, :, part].reshape(len(whole), -1, whole.shape[-1])


def _add(part: slice | Places, whole: Floats, values: Floats) -> None:
    """Add what belongs to one part to an array (1, heads, length, width)."""
    whole[0][:, part] += values.reshape(whole.shape[1], -1, whole.shape[-1])


def _view(x: mx.array) -> Floats:
    """The array's own memory, in float32; computes the array."""
    return np.array(x, dtype=np.float32, copy=None)
