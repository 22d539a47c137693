"""GGUF tensors as MLX arrays: block quantisation to MLX's affine one, or to float32.

MLX's affine quantisation stores `w = scale * q + bias` for groups of 32 along a row, q
packed into uint32, least significant first. Q4_0, Q4_1 and Q8_0 are that already, with
other names, so nothing is lost. Formats: llama.cpp's ggml-common.h; mlx.core.quantize.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from gguf import GGMLQuantizationType as Kind
from gguf import ReaderTensor
from gguf.quants import dequantize

GROUP = 32
BITS = {Kind.Q4_0: 4, Kind.Q4_1: 4, Kind.Q8_0: 8}
PLAIN = (Kind.F32, Kind.F16)
TRAINABLE = frozenset((*BITS, *PLAIN))
"""The types that can be read here."""

Bytes = np.ndarray[Any, np.dtype[Any]]
"""uint8."""


class Quantized(NamedTuple):
    """One matrix for mlx.nn.QuantizedLinear: `weight` (rows, columns * bits / 32) uint32,
    `scales` and `biases` (rows, columns / 32)."""

    weight: mx.array
    scales: mx.array
    biases: mx.array
    bits: int


def as_float(tensor: ReaderTensor) -> mx.array:
    """The tensor in float32, rows first."""
    data = np.asarray(tensor.data)
    if tensor.tensor_type not in PLAIN:
        data = dequantize(data, tensor.tensor_type)
    return mx.array(data.astype(np.float32))


def as_quantized(tensor: ReaderTensor) -> Quantized:
    """A matrix of one of the types in BITS, without rounding anything."""
    kind = tensor.tensor_type
    rows = tensor.data.shape[0]
    size = {Kind.Q4_0: 18, Kind.Q4_1: 20, Kind.Q8_0: 34}[kind]
    blocks: Bytes = np.asarray(tensor.data).view(np.uint8).reshape(rows, -1, size)
    scales = _halves(blocks[..., :2])
    if kind == Kind.Q8_0:
        q = blocks[..., 2:] ^ 0x80  # int8 to the same order from 0 on
        return _pack(q, scales, scales * -128, 8)
    nibbles: Bytes = blocks[..., size - 16 :]
    q = np.concatenate((nibbles & 15, nibbles >> 4), axis=-1)
    biases = _halves(blocks[..., 2:4]) if kind == Kind.Q4_1 else scales * -8
    return _pack(q, scales, biases, 4)


def _halves(pairs: Bytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Two bytes each as float16, widened: shape (rows, groups)."""
    return np.ascontiguousarray(pairs).view(np.float16)[..., 0].astype(np.float32)


def _pack(q: Bytes, scales: Any, biases: Any, bits: int) -> Quantized:
    """`q` of shape (rows, groups, 32), one value a byte."""
    if bits == 4:
        q = q[..., ::2] | q[..., 1::2] << 4
    words = np.ascontiguousarray(q).reshape(q.shape[0], -1).view("<u4")
    return Quantized(mx.array(words), mx.array(scales), mx.array(biases), bits)
