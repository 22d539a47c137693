"""The memory estimate: its parts on toy headers, and all of it against llama.cpp's own log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localai.catalog.fit import fit
from localai.catalog.gguf import read_header
from localai.context_window import KvType
from localai.engine.base import LoadOptions
from scripts.benchmarks.fit import reported
from tests.catalog import toy

CELLS = 256
"""What the toy's 128 tokens are rounded up to."""
ROW = 4 + 4
"""A key and a value of the toy's heads."""


@pytest.mark.parametrize(
    ("changes", "n_ctx", "values"),
    [
        ({}, 0, CELLS * 2 * ROW),
        ({}, 64, CELLS * 2 * ROW),
        ({"llama__context_length": 100_000}, 0, 8192 * 2 * ROW),
        ({"llama__attention__sliding_window": 32}, 512, 512 * 2 * ROW),
        ({"llama__attention__head_count_kv": [0, 1]}, 0, CELLS * ROW),
        ({"llama__block_count": 8, "llama__full_attention_interval": 4}, 0, CELLS * 2 * ROW),
        ({"llama__attention__shared_kv_layers": 1}, 0, CELLS * ROW),
        ({"llama__attention__key_length": 6}, 0, CELLS * 2 * (6 + 4)),
        ({"llama__attention__head_count": 0, "llama__attention__head_count_kv": 0}, 0, 0),
        (
            {
                "llama__attention__key_length_mla": 6,
                "llama__attention__kv_lora_rank": 5,
                "llama__rope__dimension_count": 2,
            },
            0,
            CELLS * 2 * 7,
        ),
    ],
)
def test_the_cache(tmp_path: Path, changes: dict[str, Any], n_ctx: int, values: int) -> None:
    header = read_header(toy.write(tmp_path / "toy.gguf", **changes))
    assert fit(header, n_ctx).cache == 2 * values
    assert fit(header, n_ctx, "q8_0").cache == values * 34 // 32
    assert fit(header, n_ctx, "q4_0").cache == values * 18 // 32


@pytest.mark.parametrize(
    ("changes", "values"),
    [
        ({}, 0),
        (
            {
                "llama__attention__head_count": 0,
                "llama__attention__head_count_kv": 0,
                "llama__ssm__inner_size": 16,
                "llama__ssm__state_size": 4,
                "llama__ssm__group_count": 1,
                "llama__ssm__conv_kernel": 4,
            },
            2 * (3 * (16 + 2 * 4) + 4 * 16),
        ),
        ({"llama__attention__head_count_kv": [0, 1], "llama__shortconv__l_cache": 3}, 8 * 2),
        ({"llama__attention__head_count_kv": 0, "llama__wkv__head_size": 64}, 2 * 8 * (64 + 2)),
    ],
)
def test_the_state_of_recurrent_layers(
    tmp_path: Path, changes: dict[str, Any], values: int
) -> None:
    header = read_header(toy.write(tmp_path / "toy.gguf", **changes))
    assert fit(header).state == 4 * values


def test_the_parts_add_up_and_repacked_originals_need_not_stay(tmp_path: Path) -> None:
    header = read_header(toy.write(tmp_path / "toy.gguf"))
    need = fit(header)
    assert need.weights == header.weight_bytes
    assert need.reported == need.weights + need.cache + need.compute
    assert need.total == need.resident == need.reported + need.program


def test_a_header_read_in_part_is_judged_by_the_files_size(tmp_path: Path) -> None:
    path = toy.write(tmp_path / "toy.gguf")
    whole, part = read_header(path), read_header(path, until_vocabulary=True)
    assert fit(part).weights == path.stat().st_size
    assert (fit(part).cache, fit(part).compute) == (fit(whole).cache, fit(whole).compute)


@pytest.mark.model
@pytest.mark.parametrize("kind", ["plain", "window", "recurrent", "hybrid"])
def test_llama_cpp_takes_as_much_for_every_kind(
    tiny_model: Callable[[str], Path], kind: str
) -> None:
    path = tiny_model(kind)
    taken = reported(LoadOptions(str(path), n_ctx=512, n_gpu_layers=0))
    assert fit(read_header(path), 512).reported == pytest.approx(taken, abs=600_000)


@pytest.mark.model
@pytest.mark.parametrize(
    ("window", "kv_type"), [(2048, "f16"), (8192, "f16"), (8192, "q8_0"), (4096, "q4_0")]
)
def test_llama_cpp_takes_as_much_for_the_starter(
    starter_model: Path, window: int, kv_type: KvType
) -> None:
    options = LoadOptions(str(starter_model), n_ctx=window, kv_type=kv_type, n_gpu_layers=0)
    estimate = fit(read_header(starter_model), window, kv_type)
    assert estimate.reported == pytest.approx(reported(options), rel=0.02)
