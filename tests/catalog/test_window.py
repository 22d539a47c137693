"""The window that is chosen for the free memory, and refusals that name the numbers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localai.catalog import GgufHeader, memory
from localai.catalog.fit import fit
from localai.catalog.gguf import read_header
from localai.catalog.window import MARGIN, choose_window, least_window
from localai.context_window import KvType
from localai.errors import ExitCode, ModelError
from tests.catalog import toy

PATH = Path("large.gguf")


@pytest.fixture
def header(tmp_path: Path) -> GgufHeader:
    """A model whose window costs something: 64 layers of eight heads of 128 values."""
    return read_header(
        toy.write(
            tmp_path / "large.gguf",
            llama__context_length=32_768,
            llama__block_count=64,
            llama__embedding_length=4096,
            llama__attention__head_count=32,
            llama__attention__head_count_kv=8,
        )
    )


def enough(header: GgufHeader, window: int, kv_type: KvType = "f16") -> int:
    return fit(header, window, kv_type).total + MARGIN


def refusal(header: GgufHeader, free: int, n_ctx: int = 0, kv_type: KvType = "f16") -> str:
    with pytest.raises(ModelError) as caught:
        choose_window(PATH, header, n_ctx, kv_type, free=free)
    assert caught.value.exit_code == ExitCode.FAILURE
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_with_room_the_window_is_the_wanted_one(header: GgufHeader) -> None:
    assert choose_window(PATH, header, free=enough(header, 8192)) == 8192
    assert choose_window(PATH, header, 30_001, free=enough(header, 30_001)) == 30_001
    assert choose_window(PATH, header, free=0, gpu=True) == 8192


def test_with_little_room_it_is_the_largest_that_fits(header: GgufHeader) -> None:
    for window in (7936, 4096, 2048):
        assert choose_window(PATH, header, free=enough(header, window)) == window
        assert choose_window(PATH, header, free=enough(header, window + 256) - 1) == window


def test_a_model_of_a_short_window_is_not_cut_further(tmp_path: Path) -> None:
    header = read_header(toy.write(tmp_path / "toy.gguf"))
    assert least_window(header) == 128
    assert choose_window(PATH, header, free=enough(header, 128)) == 128
    assert "128 tokens" in refusal(header, enough(header, 128) - 1)


def test_the_refusal_has_the_numbers_and_what_helps(header: GgufHeader) -> None:
    need = f"needs {enough(header, 2048) / 1e6:.0f} MB of memory with a window of 2,048 tokens"
    assert refusal(header, 700_000_000) == (
        f"large.gguf {need} and 700 MB are free; set engine.kv_type to q8_0."
    )
    assert refusal(header, 300_000_000) == (
        f"large.gguf {need} and 300 MB are free; "
        "close other programs, or choose a smaller quantisation or model."
    )
    assert "close other programs" in refusal(header, 300_000_000, kv_type="q8_0")


def test_a_given_window_is_never_made_smaller(header: GgufHeader) -> None:
    assert refusal(header, enough(header, 4096), 16_384) == (
        "large.gguf needs 4.6 GB of memory with a window of 16,384 tokens and 1.4 GB are free; "
        "set engine.context to at most 4096, or to 0."
    )
    assert "engine.kv_type to q8_0" in refusal(header, enough(header, 16_384, "q8_0"), 16_384)


def test_free_memory_within_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_CONTAINER", tmp_path)
    outside = memory.free_memory()
    assert 0 < outside <= memory.total_memory()
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_memory() == pytest.approx(outside, rel=0.2)
    (tmp_path / "memory.max").write_text("5000000\n")
    (tmp_path / "memory.current").write_text("4000000\n")
    assert memory.total_memory() == 5_000_000
    assert memory.free_memory() == 1_000_000
    (tmp_path / "memory.stat").write_text("anon 7\nactive_file 200\ninactive_file 50\n")
    assert memory.free_memory() == 1_000_250


def test_the_memory_of_a_process_is_its_own() -> None:
    assert 1_000_000 < memory.own_memory(os.getpid()) < memory.total_memory()
    assert memory.own_memory(2**22 + 1) == 0
