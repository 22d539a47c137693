"""A merged file answers as the model with its adapter does, and is otherwise the same file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind

from localai.errors import ModelError
from localai.tune import lora, merging, published
from localai.tune.lora import Lora, Pair
from tests.tune.tiny_llama import divergence, ids, llama_logits, write_llama
from tests.tune.tiny_lora import random_lora

TOKENS = ids(32)


def merged(base: Path, path: Path, matrices: Lora) -> Path:
    told: list[tuple[int, int]] = []
    reader = gguf.GGUFReader(base)
    merging.write(path, reader, matrices, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)
    return path


@pytest.mark.parametrize(("weights", "within"), [("F32", 1e-4), ("F16", 1e-3), ("Q8_0", 0.02)])
def test_it_answers_as_the_model_with_the_adapter(
    tmp_path: Path, weights: str, within: float
) -> None:
    base = write_llama(tmp_path / "base.gguf", weights=weights, sharing=2)
    matrices = random_lora(base)
    lora.write(adapter := tmp_path / "adapter.gguf", "llama", matrices)
    expected = llama_logits(base, TOKENS, adapter)
    found = llama_logits(merged(base, tmp_path / "merged.gguf", matrices), TOKENS)
    assert divergence(expected, found) < within
    assert divergence(llama_logits(base, TOKENS), found) > 2 * within


def test_everything_else_is_copied(tiny_llama: Callable[[str], Path], tmp_path: Path) -> None:
    matrices = random_lora(base := tiny_llama("Q8_0"))
    name = "blk.1.ffn_up.weight"
    one = Lora(matrices.alpha, {name: matrices.pairs[name]})
    before = gguf.GGUFReader(base)
    after = gguf.GGUFReader(merged(base, tmp_path / "merged.gguf", one))
    assert list(before.fields) == list(after.fields)
    for key, field in before.fields.items():
        assert after.fields[key].contents() == field.contents(), key
    assert base.stat().st_size == (tmp_path / "merged.gguf").stat().st_size
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert (old.name, old.tensor_type, old.data_offset) == (
            *(new.name, new.tensor_type, new.data_offset),
        )
        assert np.array_equal(old.data, new.data) is (old.name != name)


def test_what_cannot_be_written_again_becomes_half_floats(tmp_path: Path) -> None:
    """A file of K-quants, of which one tensor is merged and the ones around it are copied."""
    random = np.random.default_rng(2)
    blocks = random.integers(0, 60, (3, 32, 144), dtype=np.uint8)  # Q4_K: 256 weights each
    blocks[..., 1] = blocks[..., 3] = 0  # tiny scales: the upper bytes of float16
    writer = gguf.GGUFWriter(base := tmp_path / "base.gguf", "llama")
    writer.add_block_count(3)
    for block, data in enumerate(blocks):
        writer.add_tensor(f"blk.{block}.attn_v.weight", data, raw_dtype=Kind.Q4_K)
    writer.add_tensor("output_norm.weight", np.ones(5, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    a, b = (random.standard_normal(shape).astype(np.float32) for shape in ((2, 256), (32, 2)))
    one = Lora(3.0, {"blk.1.attn_v.weight": Pair(a, b)})
    published.check(one, published.read(base), "tiny")
    found = {t.name: t for t in gguf.GGUFReader(merged(base, tmp_path / "m.gguf", one)).tensors}
    changed = found["blk.1.attn_v.weight"]
    assert changed.tensor_type == Kind.F16
    plain = gguf.quants.dequantize(blocks[1], Kind.Q4_K)
    np.testing.assert_allclose(changed.data, plain + 1.5 * b @ a, atol=0.01)
    for block in (0, 2):
        kept = found[f"blk.{block}.attn_v.weight"]
        assert kept.tensor_type == Kind.Q4_K
        np.testing.assert_array_equal(kept.data, blocks[block])
    np.testing.assert_array_equal(found["output_norm.weight"].data, np.ones(5))


def test_a_type_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(base := tmp_path / "base.gguf", "llama")
    writer.add_block_count(1)
    data = np.zeros((4, 40), np.uint8)  # Q8_1: 32 weights each, for activations
    writer.add_tensor("blk.0.attn_v.weight", data, raw_dtype=Kind.Q8_1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    one = Lora(1.0, {"blk.0.attn_v.weight": Pair(np.ones((1, 32), "f4"), np.ones((4, 1), "f4"))})
    with pytest.raises(ModelError, match="of the type Q8_1"):
        merged(base, tmp_path / "merged.gguf", one)
