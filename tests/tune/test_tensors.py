"""Blocks of GGUF read as MLX's own quantisation, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import mlx.core as mx
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind
from gguf import ReaderTensor

from localai.tune import tensors

ROWS, COLUMNS = 5, 512
BY_LLAMA_CPP = {*tensors.OTHERS, Kind.Q4_K, Kind.Q5_K}
"""The types that gguf reads and cannot write."""


def stored(folder: Path, kind: Kind) -> ReaderTensor:
    """Random numbers of very different sizes, some blocks of zeros or one number, as a file
    holds them."""
    random = np.random.default_rng(3)
    values = random.standard_normal((ROWS, COLUMNS)) * 10.0 ** random.integers(-3, 3, (ROWS, 1))
    values[0, :32] = 0.0
    values[1, 32:64] = -2.5
    path = folder / "one.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    if kind in BY_LLAMA_CPP:
        packed = blocks(random, kind)
    else:
        packed = gguf.quants.quantize(values.astype(np.float32), kind)
    writer.add_tensor("matrix.weight", packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return gguf.GGUFReader(path).tensors[0]


def blocks(random: np.random.Generator, kind: Kind) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Blocks of random bytes, which are some matrix; without bit 6 no float16 is infinite."""
    values, size = gguf.GGML_QUANT_SIZES[kind]
    found = random.integers(0, 256, (ROWS, COLUMNS // values, size), np.uint8)
    found[..., : 4 if kind in tensors.BITS else size] &= 0xBF
    return found.reshape(ROWS, -1)


@pytest.mark.parametrize("kind", sorted(tensors.BITS))
def test_quantised_blocks_keep_every_value(tmp_path: Path, kind: Kind) -> None:
    tensor = stored(tmp_path, kind)
    expected = gguf.quants.dequantize(np.asarray(tensor.data), kind)
    parts = tensors.as_quantized(tensor)
    assert parts.bits == tensors.BITS[kind]
    assert parts.weight.shape == (ROWS, COLUMNS * parts.bits // 32)
    found = mx.dequantize(
        parts.weight, parts.scales, parts.biases, group_size=tensors.GROUP, bits=parts.bits
    )
    np.testing.assert_array_equal(np.array(found), expected)


@pytest.mark.parametrize("kind", sorted(tensors.TRAINABLE))
def test_widened_values_are_exact(tmp_path: Path, kind: Kind) -> None:
    tensor = stored(tmp_path, kind)
    found = tensors.as_float(tensor)
    assert found.dtype == mx.float32
    expected = gguf.quants.dequantize(np.asarray(tensor.data), kind)
    assert np.isfinite(expected).all()
    assert np.unique(expected).size > 50
    np.testing.assert_array_equal(np.array(found), expected)


@pytest.mark.parametrize("kind", [Kind.F16, Kind.Q6_K])
def test_half_as_wide_numbers_are_rounded_to_the_nearest(tmp_path: Path, kind: Kind) -> None:
    tensor = stored(tmp_path, kind)
    found = tensors.as_float(tensor, mx.bfloat16)
    assert found.dtype == mx.bfloat16
    exact = np.array(tensors.as_float(tensor))
    np.testing.assert_allclose(np.array(found.astype(mx.float32)), exact, rtol=2**-8)


@pytest.mark.parametrize("kind", [Kind.Q4_0, Kind.Q5_1])
def test_quantised_products_are_those_of_the_widened_matrix(tmp_path: Path, kind: Kind) -> None:
    tensor = stored(tmp_path, kind)
    parts = tensors.as_quantized(tensor)
    x = mx.random.normal((3, COLUMNS), key=mx.random.key(1))
    found = mx.quantized_matmul(
        x, parts.weight, parts.scales, parts.biases, group_size=tensors.GROUP, bits=parts.bits
    )
    expected = np.array(x) @ np.array(tensors.as_float(tensor)).T
    np.testing.assert_allclose(np.array(found), expected, rtol=1e-3, atol=1e-2)
