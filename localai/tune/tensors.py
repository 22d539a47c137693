"""GGUF tensors as MLX arrays: block quantisation to MLX's affine one, or to plain numbers.

MLX's affine quantisation stores `w = scale * q + bias` for groups of 32 along a row, q
packed into uint32 as a little-endian bit stream. The types in BITS are that already, with
other names, so nothing is lost (Q4_K and Q5_K need scales in float32 for it). All others
are computed out. Formats: llama.cpp's ggml-common.h; mlx.core.quantize.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from gguf import GGML_QUANT_SIZES, ReaderTensor
from gguf import GGMLQuantizationType as Kind
from gguf.quants import Q4_K, dequantize

GROUP = 32
BITS = {
    Kind.Q4_0: 4,
    Kind.Q4_1: 4,
    Kind.Q5_0: 5,
    Kind.Q5_1: 5,
    Kind.Q8_0: 8,
    Kind.Q4_K: 4,
    Kind.Q5_K: 5,
}
PLAIN = (Kind.F32, Kind.F16, Kind.BF16)
OTHERS = (
    *(Kind.Q2_K, Kind.Q3_K, Kind.Q6_K, Kind.IQ4_NL, Kind.IQ4_XS),
    *(Kind.IQ1_S, Kind.IQ1_M, Kind.IQ2_XXS, Kind.IQ2_XS, Kind.IQ2_S, Kind.IQ3_XXS, Kind.IQ3_S),
)
"""What MLX has no twin of: groups of 16, or values from a table."""
TRAINABLE = frozenset((*BITS, *PLAIN, *OTHERS))
"""The types that can be read here."""

AT_ONCE = 1 << 18
"""Numbers that are computed out at once."""

Bytes = np.ndarray[Any, np.dtype[Any]]
"""uint8."""


class Quantized(NamedTuple):
    """One matrix for mlx.nn.QuantizedLinear: `weight` (rows, columns * bits / 32) uint32,
    `scales` and `biases` (rows, columns / 32)."""

    weight: mx.array
    scales: mx.array
    biases: mx.array
    bits: int


def as_float(tensor: ReaderTensor, dtype: mx.Dtype = mx.float32) -> mx.array:
    """The tensor as plain numbers, rows first; some rows at a time, since meanwhile they take
    several times the memory."""
    *_, columns = shape = tuple(map(int, reversed(tensor.shape)))
    data, plain = np.asarray(tensor.data), tensor.tensor_type in (Kind.F32, Kind.F16)
    rows = data.reshape(-1, data.shape[-1])
    found, step = mx.zeros((len(rows), columns), dtype), max(1, AT_ONCE // columns)
    for at in range(0, len(rows), step):
        some = rows[at : at + step]
        numbers = some if plain else dequantize(some, tensor.tensor_type)
        found[at : at + step] = mx.array(numbers.astype(np.float32, copy=False)).astype(dtype)
        mx.eval(found)
    return found.reshape(shape)


def as_quantized(tensor: ReaderTensor) -> Quantized:
    """A matrix of one of the types in BITS, without rounding anything."""
    kind = tensor.tensor_type
    rows, size = tensor.data.shape[0], GGML_QUANT_SIZES[kind][1]
    blocks: Bytes = np.asarray(tensor.data).view(np.uint8).reshape(rows, -1, size)
    if kind in (Kind.Q4_K, Kind.Q5_K):
        q, scales, biases = _superblocks(blocks, BITS[kind])
    elif kind == Kind.Q8_0:
        scales = _halves(blocks[..., :2])
        q, biases = blocks[..., 2:] ^ 0x80, scales * -128  # int8 to the same order from 0 on
    else:
        scales = _halves(blocks[..., :2])
        own = kind in (Kind.Q4_1, Kind.Q5_1)
        biases = _halves(blocks[..., 2:4]) if own else scales * -(1 << BITS[kind] - 1)
        q = _nibbles(blocks[..., -16:])
        if BITS[kind] == 5:
            q |= np.unpackbits(blocks[..., -20:-16], axis=-1, bitorder="little") << 4
    words = np.ascontiguousarray(_stream(q, BITS[kind])).reshape(rows, -1).view("<u4")
    return Quantized(mx.array(words), mx.array(scales), mx.array(biases), BITS[kind])


def _superblocks(blocks: Bytes, bits: int) -> tuple[Bytes, Any, Any]:
    """Q4_K and Q5_K: 8 groups share two float16, by which 6-bit scales and minima of each
    are multiplied. As (rows, groups, 32), (rows, groups), (rows, groups)."""
    rows = len(blocks)
    factors, minima = Q4_K.get_scale_min(np.ascontiguousarray(blocks[..., 4:16]).reshape(-1, 12))
    scales = _halves(blocks[..., :2]).reshape(-1, 1) * factors.astype(np.float32)
    biases = _halves(blocks[..., 2:4]).reshape(-1, 1) * -minima.astype(np.float32)
    pairs = blocks[..., -128:].reshape(rows, -1, 4, 32)
    q = np.stack((pairs & 15, pairs >> 4), axis=-2).reshape(rows, -1, 8, 32)
    if bits == 5:
        for group in range(8):
            q[:, :, group] |= (blocks[..., 16:48] >> group & 1) << 4
    return q.reshape(rows, -1, GROUP), scales.reshape(rows, -1), biases.reshape(rows, -1)


def _nibbles(halves: Bytes) -> Bytes:
    """The lower halves of bytes, then the upper ones."""
    return np.concatenate((halves & 15, halves >> 4), axis=-1)


def _halves(pairs: Bytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Two bytes each as float16, widened: shape (rows, groups)."""
    return np.ascontiguousarray(pairs).view(np.float16)[..., 0].astype(np.float32)


def _stream(q: Bytes, bits: int) -> Bytes:
    """Values (..., 32), one a byte, as (..., 4, bits): 8 values fill as many bytes as a
    value has bits."""
    eights = q.reshape(*q.shape[:-1], -1, 8)
    found = np.zeros((*eights.shape[:-1], bits), np.uint8)
    for at in range(8):
        byte, shift = divmod(at * bits, 8)
        found[..., byte] |= eights[..., at] << shift
        if shift + bits > 8:
            found[..., byte + 1] |= eights[..., at] >> 8 - shift
    return found
