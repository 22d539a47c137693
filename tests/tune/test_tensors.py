"""Blocks of GGUF read as MLX's own quantisation, to the last bit."""

from __future__ import annotations

from pathlib import Path

import gguf
import mlx.core as mx
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind
from gguf import ReaderTensor

from localai.tune import tensors

ROWS, COLUMNS = 5, 96


def stored(folder: Path, kind: Kind) -> ReaderTensor:
    """Random numbers of very different sizes, some blocks of zeros or one number, as a file
    holds them."""
    random = np.random.default_rng(3)
    values = random.standard_normal((ROWS, COLUMNS)) * 10.0 ** random.integers(-3, 3, (ROWS, 1))
    values[0, :32] = 0.0
    values[1, 32:64] = -2.5
    path = folder / "one.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    packed = gguf.quants.quantize(values.astype(np.float32), kind)
    writer.add_tensor("matrix.weight", packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return gguf.GGUFReader(path).tensors[0]


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
    # Products are exact; only the sum with a bias of its own (Q4_1) may round.
    tolerance = 1e-6 if kind == Kind.Q4_1 else 0.0
    np.testing.assert_allclose(np.array(found), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", sorted(tensors.TRAINABLE))
def test_widened_values_are_exact(tmp_path: Path, kind: Kind) -> None:
    tensor = stored(tmp_path, kind)
    found = tensors.as_float(tensor)
    assert found.dtype == mx.float32
    expected = gguf.quants.dequantize(np.asarray(tensor.data), kind)
    np.testing.assert_array_equal(np.array(found), expected)


def test_quantised_products_are_those_of_the_widened_matrix(tmp_path: Path) -> None:
    tensor = stored(tmp_path, Kind.Q4_0)
    parts = tensors.as_quantized(tensor)
    x = mx.random.normal((3, COLUMNS), key=mx.random.key(1))
    found = mx.quantized_matmul(
        x, parts.weight, parts.scales, parts.biases, group_size=tensors.GROUP, bits=parts.bits
    )
    expected = np.array(x) @ np.array(tensors.as_float(tensor)).T
    np.testing.assert_allclose(np.array(found), expected, rtol=1e-3, atol=1e-2)
