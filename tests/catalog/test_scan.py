"""Models of other programs are found where those programs put them, and left alone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from localai.catalog import Catalog
from localai.catalog.scan import scan
from tests.catalog import toy

MODEL = "application/vnd.ollama.image.model"


def ollama(folder: Path, name: str, digest: str, media: str = MODEL) -> Path:
    manifest = folder / "manifests" / name
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:77"},
        {"mediaType": media, "digest": digest},
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))
    return toy.write(folder / "blobs" / digest.replace(":", "-"))


def names() -> list[str]:
    return [entry.name for entry in Catalog().scan()]


def test_each_program_s_layout(home: Path) -> None:
    blob = ollama(home / ".ollama/models", "registry.ollama.ai/library/llama3.2/3b", "sha256:aa")
    ollama(home / ".ollama/models", "hf.co/maker/toy/latest", "sha256:bb")
    toy.write(home / ".lmstudio/models/maker/Toy-GGUF/Toy-Q4_K_M.gguf")
    toy.write(home / ".cache/lm-studio/models/maker/Old/old.gguf")
    cache = "Library/Caches" if sys.platform == "darwin" else ".cache"
    toy.write(home / cache / "llama.cpp/ggml-org_toy.gguf")
    stored = toy.write(home / ".cache/huggingface/hub/models--a--b/blobs/cc")
    snapshot = home / ".cache/huggingface/hub/models--a--b/snapshots/c0/toy-q8.gguf"
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(stored)
    found = {entry.name: entry for entry in Catalog().scan()}
    assert {name: entry.home for name, entry in found.items()} == {
        "ollama/llama3.2:3b": "ollama",
        "ollama/hf.co/maker/toy:latest": "ollama",
        "lmstudio/Toy-Q4_K_M": "lm studio",
        "lmstudio/old": "lm studio",
        "llamacpp/ggml-org_toy": "llama.cpp",
        "hub/toy-q8": "hub cache",
    }
    assert found["ollama/llama3.2:3b"].path == blob
    assert Catalog().resolve("ollama/llama3.2:3b") == found["ollama/llama3.2:3b"]


def test_places_set_in_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ollama(home / "o", "registry.ollama.ai/library/toy/latest", "sha256:aa")
    toy.write(home / "l/one.gguf")
    toy.write(home / "h/hub/models--a--b/snapshots/c/two.gguf")
    monkeypatch.setenv("OLLAMA_MODELS", str(home / "o"))
    monkeypatch.setenv("LLAMA_CACHE", str(home / "l"))
    monkeypatch.setenv("HF_HOME", str(home / "h"))
    assert names() == ["hub/two", "llamacpp/one", "ollama/toy:latest"]
    monkeypatch.setenv("HF_HUB_CACHE", str(home / "elsewhere"))
    assert "hub/two" not in names()


def test_one_file_is_listed_once_and_equal_names_get_numbers(home: Path) -> None:
    first = toy.write(home / ".lmstudio/models/a/x/toy.gguf")
    toy.write(home / ".lmstudio/models/b/x/toy.gguf")
    (home / ".lmstudio/models/c").mkdir()
    os.link(first, home / ".lmstudio/models/c/copy.gguf")
    assert names() == ["lmstudio/toy", "lmstudio/toy-2"]
    Catalog().add(first, "mine")
    assert names() == ["lmstudio/toy-2"]


def test_what_cannot_chat_is_left_out(home: Path) -> None:
    folder = home / ".lmstudio/models/a/x"
    toy.write(folder / "toy-mmproj.gguf", general__architecture="clip")
    toy.write(folder / "embed.gguf", general__architecture="bert")
    toy.write(folder / "adapter.gguf", general__type="adapter")
    toy.write(folder / "part-00002-of-00002.gguf", split__no=1, split__count=2)
    (folder / "page.gguf").write_text("<html>")
    (folder / "empty.gguf").touch()
    toy.write(folder / "good.gguf")
    assert names() == ["lmstudio/good"]


def test_a_split_model_counts_all_its_parts(home: Path) -> None:
    folder = home / ".lmstudio/models/a/x"
    for index in range(2):
        toy.write(folder / f"big-{index + 1:05d}-of-00002.gguf", split__count=2)
    (entry,) = Catalog().scan()
    assert entry.name == "lmstudio/big"
    assert entry.description.bytes == sum(file.stat().st_size for file in folder.iterdir())


def test_loops_dangling_links_and_odd_manifests_are_survived(home: Path) -> None:
    folder = home / ".lmstudio/models"
    toy.write(folder / "a/good.gguf")
    (folder / "a/loop").symlink_to(folder)
    (folder / "a/self.gguf").symlink_to(folder / "a/self.gguf")
    (folder / "a/gone.gguf").symlink_to(home / "nowhere")
    os.mkfifo(folder / "a/pipe.gguf")
    manifests = home / ".ollama/models/manifests/registry.ollama.ai/library/x"
    manifests.mkdir(parents=True)
    (manifests / "text").write_text("no json")
    (manifests / "list").write_text("[1]")
    (manifests / "none").write_text('{"layers": [{}]}')
    ollama(home / ".ollama/models", "registry.ollama.ai/library/evil/latest", "sha256:../../../x")
    (home / ".ollama/models/manifests/stray").write_text('{"layers": []}')
    assert names() == ["lmstudio/good"]


def test_unreadable_folders_are_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.write(home / ".lmstudio/models/a/good.gguf")
    toy.write(home / ".lmstudio/models/shut/x.gguf")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert names() == ["lmstudio/good"]


def test_nothing_installed(tmp_path: Path) -> None:
    assert scan({"HOME": str(tmp_path / "empty")}) == ()
