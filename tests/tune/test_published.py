"""Names and row order of the checkpoint that a model's file was converted from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.errors import ModelError
from localai.tune import published
from localai.tune.lora import Lora, Pair
from scripts.tiny_models import HEADS, WIDTH, write
from tests.tune.tiny_llama import write_llama
from tests.tune.tiny_lora import random_lora, same

sizes = st.integers(1, 5)


@given(heads=sizes, half=sizes, columns=sizes)
def test_rows_are_put_as_llama_cpp_puts_them_and_back(heads: int, half: int, columns: int) -> None:
    rows = np.random.default_rng(0).standard_normal((heads * 2 * half, columns), np.float32)
    found = published.permuted(rows, heads)
    # Element by element: row i of a head's first half comes to 2 i, of its second to 2 i + 1.
    for head in range(heads):
        for part in range(2):
            for at in range(half):
                there = found[head * 2 * half + 2 * at + part]
                np.testing.assert_array_equal(there, rows[head * 2 * half + part * half + at])
    np.testing.assert_array_equal(published.unpermuted(found, heads), rows)
    np.testing.assert_array_equal(published.permuted(rows, 0), rows)


def test_a_llama_file(tmp_path: Path) -> None:
    found = published.read(write_llama(tmp_path / "m.gguf", sharing=2))
    assert (found.architecture, found.blocks) == ("llama", 3)
    assert len(found.modules) == 3 * 7
    assert found.modules["blk.2.attn_output.weight"] == "model.layers.2.self_attn.o_proj"
    assert found.heads["blk.0.attn_q.weight"] == HEADS
    assert found.heads["blk.0.attn_k.weight"] == HEADS // 2
    assert len(found.heads) == 3 * 2
    assert found.shapes["blk.0.attn_k.weight"] == (WIDTH // 2, WIDTH)


def test_files_whose_rows_are_as_in_the_checkpoint_and_unknown_ones(tmp_path: Path) -> None:
    gemma = published.read(write("window", tmp_path))
    assert (len(gemma.modules), gemma.heads) == (4 * 7, {})
    mamba = published.read(write("recurrent", tmp_path))
    assert (mamba.modules, mamba.heads) == ({}, {})
    name = "blk.0.ssm_in.weight"
    outputs, inputs = mamba.shapes[name]
    odd = Lora(1.0, {name: Pair(np.ones((1, inputs), "f4"), np.ones((outputs, 1), "f4"))})
    with pytest.raises(ModelError, match="mamba models is not known here"):
        published.to_checkpoint(odd, mamba)


@pytest.mark.parametrize("sharing", [1, 2, 4])
def test_there_and_back_is_the_same(tmp_path: Path, sharing: int) -> None:
    base = published.read(path := write_llama(tmp_path / "m.gguf", sharing=sharing))
    matrices = random_lora(path)
    there = published.to_checkpoint(matrices, base)
    assert same(published.from_checkpoint(matrices.alpha, there, base), matrices)
    moved = [
        name
        for name in base.modules
        if not np.array_equal(there[base.modules[name]].b, matrices.pairs[name].b)
    ]
    assert set(moved) == set(base.heads)


def test_what_does_not_fit_is_named(tiny_llama: Callable[[str], Path]) -> None:
    base, matrices = published.read(path := tiny_llama("F32")), random_lora(tiny_llama("F32"))
    published.check(matrices, base, path.name)
    a, b = matrices.pairs["blk.0.attn_v.weight"]
    for name, pair, said in [
        ("blk.0.attn_v.weight", Pair(a[:, :-1], b), "64 x 63 weights, and this model has 64 x 64"),
        ("blk.0.attn_v.weight", Pair(a, b[1:]), "63 x 64 weights"),
        ("blk.0.attn_v.weight", Pair(a[1:], b), "do not belong together"),
        ("blk.9.attn_v.weight", Pair(a, b), "lacks it"),
        ("model.layers.9.self_attn.v_proj", Pair(a, b), "lacks it"),
    ]:
        with pytest.raises(ModelError, match=said) as error:
            published.check(Lora(1.0, {**matrices.pairs, name: pair}), base, "tiny")
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        "token_embd.weight",
        "blk.0.attn_norm.weight",
        "model.embed_tokens",
        "model.layers.0.mlp.gate",
    ],
)
def test_what_is_no_linear_layer_is_refused(tiny_llama: Callable[[str], Path], name: str) -> None:
    base = published.read(tiny_llama("F32"))
    shape = base.shapes.get(name, (64, 64))
    pair = Pair(np.ones((1, shape[-1]), "f4"), np.ones((shape[0], 1), "f4"))
    with pytest.raises(ModelError, match=f"changes {name}, and this part cannot be adapted here"):
        published.check(Lora(1.0, {name: pair}), base, "tiny")


def test_an_output_of_its_own_can_be_adapted(tiny_llama: Callable[[str], Path]) -> None:
    base = published.read(tiny_llama("F32"))
    outputs, inputs = base.shapes["output.weight"]
    pair = Pair(np.ones((1, inputs), "f4"), np.ones((outputs, 1), "f4"))
    published.check(Lora(1.0, {"output.weight": pair}), base, "tiny")
