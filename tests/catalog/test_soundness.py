"""Every way a file can be unfit is one plain sentence that names the file and the next step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from localai.catalog import check, soundness
from localai.catalog.fit import fit
from localai.catalog.gguf import read_header
from localai.errors import ModelError
from tests.catalog import toy


def refusal(path: Path, n_ctx: int = 0) -> str:
    with pytest.raises(ModelError) as caught:
        check(path, n_ctx)
    sentence = str(caught.value)
    assert str(path) in sentence or path.name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_a_sound_file_passes(tmp_path: Path) -> None:
    assert check(toy.write(tmp_path / "toy.gguf")).architecture == "llama"


def test_missing_folder_empty_and_special(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "none.gguf")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "empty.gguf").touch()
    assert "is empty" in refusal(tmp_path / "empty.gguf")
    os.mkfifo(tmp_path / "pipe.gguf")
    assert "not a regular file" in refusal(tmp_path / "pipe.gguf")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = toy.write(tmp_path / "toy.gguf")

    def refuse(*args: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "permissions" in refusal(path)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
        (b"<!DOCTYPE html><html><body>404", "web page"),
        (b"\n  <html>", "web page"),
        (b"PK\x03\x04aaaa", "zip"),
        (b"\x80\x02}q", "PyTorch"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"tjgg\x01\x00\x00\x00", "GGJT"),
        ((120).to_bytes(8, "little") + b'{"__metadata__":{}}', "safetensors"),
        (b'{"error": "not found"}', "JSON"),
        (b"Entry not found", "text file"),
        (bytes(600), "zero bytes"),
        (b"\x7fELF\x02\x01\x01\x00", "other format"),
    ],
)
def test_other_formats_are_named(tmp_path: Path, start: bytes, words: str) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(start)
    sentence = refusal(path)
    assert "is not a GGUF model" in sentence
    assert words in sentence


def test_a_truncated_file_says_how_much_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(toy.gguf()[:-5])
    assert f"5 of {len(toy.gguf())} bytes are missing" in refusal(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"general__architecture": "bert"}, "embedding model"),
        ({"general__architecture": "nomic-bert"}, "embedding model"),
        ({"llama__pooling_type": 3}, "embedding model"),
        ({"llama__attention__causal": False}, "embedding model"),
        ({"general__architecture": "t5encoder"}, "text encoder"),
        ({"general__architecture": "clip"}, "image part"),
        ({"general__type": "adapter"}, "adapter"),
        ({"general__type": "mmproj"}, "image part"),
        ({"general__architecture": "dream"}, "diffusion"),
        ({"general__architecture": ""}, "does not say what model"),
        ({"llama__block_count": 0}, "without weights"),
    ],
)
def test_models_that_cannot_chat(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    sentence = refusal(toy.write(tmp_path / "odd.gguf", **changes))
    assert words in sentence
    assert "cannot chat" in sentence


def test_a_model_without_a_template_passes(tmp_path: Path) -> None:
    metadata = {key: item for key, item in toy.TINY.items() if key != "tokenizer.chat_template"}
    assert check(toy.write(tmp_path / "base.gguf", metadata)).architecture == "llama"


def split(folder: Path, index: int, count: int) -> Path:
    name = f"toy-{index + 1:05d}-of-{count:05d}.gguf"
    return toy.write(folder / name, split__no=index, split__count=count)


def test_split_models(tmp_path: Path) -> None:
    first, second = split(tmp_path, 0, 2), split(tmp_path, 1, 2)
    whole = check(first)
    assert whole.parameters == 2 * read_header(first).parameters
    assert whole.file_bytes == first.stat().st_size + second.stat().st_size
    assert "choose the first one, toy-00001-of-00002.gguf" in refusal(second)
    data = second.read_bytes()
    second.write_bytes(data[:-1])
    with pytest.raises(ModelError, match=r"toy-00002-of-00002\.gguf is truncated"):
        check(first)
    second.unlink()
    assert "toy-00002-of-00002.gguf is missing" in refusal(first)
    assert "not named like one" in refusal(first.rename(tmp_path / "renamed.gguf"))


def test_too_large_for_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = toy.write(tmp_path / "toy.gguf", llama__context_length=1_000_000)
    need = fit(read_header(path), 1_000_000)
    monkeypatch.setattr(soundness, "has_discrete_gpu", lambda: False)
    monkeypatch.setattr(soundness, "total_memory", lambda: need.total)
    check(path, 1_000_000)
    monkeypatch.setattr(soundness, "total_memory", lambda: need.total - 1)
    assert "smaller" in refusal(path, 1_000_000)
    monkeypatch.setattr(soundness, "has_discrete_gpu", lambda: True)
    check(path, 1_000_000)


def test_a_cache_type_that_the_heads_do_not_divide_into(tmp_path: Path) -> None:
    path = toy.write(tmp_path / "toy.gguf")
    check(path, kv_type="f16")
    with pytest.raises(ModelError, match=r"heads of 4 values.*set engine\.kv_type to f16"):
        check(path, kv_type="q8_0")
    wide = toy.write(tmp_path / "wide.gguf", llama__embedding_length=128)
    assert check(wide, kv_type="q4_0").embedding_length == 128
