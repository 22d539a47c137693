"""Adapter files: as llama.cpp wants them, refused when damaged, known by their manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import gguf
import msgspec
import numpy as np
import pytest

from localai.engine.adapter import MANIFEST
from localai.errors import ModelError
from localai.tune import adapter
from localai.tune.manifest import Manifest, settle, write_manifest
from localai.tune.plan import ADAPTER
from tests.engine.tiny_adapter import write_adapter

BASE = "b" * 64


def written(folder: Path) -> Path:
    """A little adapter by `adapter.write`."""
    numbers = np.random.default_rng(1)
    matrices = {
        "block.q.lora_a": numbers.standard_normal((6, 2)).astype(np.float32),
        "block.q.lora_b": numbers.standard_normal((2, 4)).astype(np.float32),
    }
    path = folder / ADAPTER
    adapter.write(path, "llama", matrices, lambda name: f"file.{name}", rank=2, scale=1.5)
    return path


def test_matrices_are_written_the_way_llama_cpp_reads_them(tmp_path: Path) -> None:
    reader = gguf.GGUFReader(written(tmp_path))
    facts = {name: field.contents() for name, field in reader.fields.items()}
    assert facts["general.architecture"] == "llama"
    assert facts["general.type"] == "adapter"
    assert facts["adapter.type"] == "lora"
    assert facts["adapter.lora.alpha"] == pytest.approx(3.0)
    assert [(each.name, each.data.shape) for each in reader.tensors] == [
        ("file.block.q.weight.lora_a", (2, 6)),
        ("file.block.q.weight.lora_b", (4, 2)),
    ]
    first = np.random.default_rng(1).standard_normal((6, 2)).astype(np.float32)
    np.testing.assert_array_equal(reader.tensors[0].data, first.T)


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as error:
        adapter.check(path)
    message = str(error.value)
    assert str(path) in message
    assert "rollback" in message
    assert "\n" not in message
    return message


def test_a_good_file_passes(tmp_path: Path) -> None:
    adapter.check(written(tmp_path))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, bad: float) -> None:
    write_adapter(path := tmp_path / "bad.gguf", scale=bad)
    assert "lora_b holds numbers that are not finite" in refused(path)


def test_what_is_no_adapter_is_refused(tmp_path: Path, tiny_llama: Callable[[str], Path]) -> None:
    assert "no adapter" in refused(tiny_llama("F32"))
    (text := tmp_path / "text").write_text("Hello, I am no model at all.")
    refused(text)
    (empty := tmp_path / "empty").touch()
    refused(empty)
    refused(tmp_path / "absent")


def test_every_cut_is_refused(tmp_path: Path) -> None:
    data = written(tmp_path).read_bytes()
    for end in range(0, len(data), 3):
        (cut := tmp_path / "cut").write_bytes(data[:end])
        refused(cut)


def manifest(sha256: str) -> Manifest:
    return Manifest(
        base=BASE,
        base_name="toy",
        template="t",
        sha256=sha256,
        run="r",
        corrections=("c1", "c2"),
        replay=3,
        options={"rank": 2, "seed": 0},
        verdict={"promoted": True},
        version="1",
        created=5.0,
    )


def promoted(folder: Path) -> str:
    """An adapter with its manifest; its hash."""
    sha256 = hashlib.sha256(written(folder).read_bytes()).hexdigest()
    write_manifest(folder, manifest(sha256))
    return sha256


def test_the_manifest_can_be_read_back(tmp_path: Path) -> None:
    sha256 = promoted(tmp_path)
    text = (tmp_path / MANIFEST).read_bytes()
    assert msgspec.json.decode(text, type=Manifest) == manifest(sha256)
    assert sorted(each.name for each in tmp_path.iterdir()) == [ADAPTER, MANIFEST]
    adapter.verify(tmp_path, BASE, sha256)


def unverified(folder: Path, base: str, sha256: str) -> str:
    with pytest.raises(ModelError) as error:
        adapter.verify(folder, base, sha256)
    return str(error.value)


def test_another_adapter_base_or_manifest_is_not_verified(tmp_path: Path) -> None:
    sha256 = promoted(tmp_path)
    assert "not the one" in unverified(tmp_path, BASE, "0" * 64)
    assert "not the one" in unverified(tmp_path, "c" * 64, sha256)
    write_manifest(tmp_path, manifest("0" * 64))
    assert "not the one" in unverified(tmp_path, BASE, sha256)
    (tmp_path / MANIFEST).write_text("{")
    assert "no readable manifest" in unverified(tmp_path, BASE, sha256)
    (tmp_path / MANIFEST).unlink()
    assert "no readable manifest" in unverified(tmp_path, BASE, sha256)


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    """By the hash, before anything is believed that the file says of itself."""
    sha256 = promoted(tmp_path)
    path = tmp_path / ADAPTER
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :])
        assert "not the one" in unverified(tmp_path, BASE, sha256)
    path.write_bytes(data)
    adapter.verify(tmp_path, BASE, sha256)


def test_a_faithful_copy_of_a_bad_adapter_is_not_verified(tmp_path: Path) -> None:
    sha256 = write_adapter(tmp_path / ADAPTER, scale=float("nan"))
    write_manifest(tmp_path, manifest(sha256))
    assert "not finite" in unverified(tmp_path, BASE, sha256)


def test_a_missing_adapter_is_not_verified(tmp_path: Path) -> None:
    sha256 = promoted(tmp_path)
    (tmp_path / ADAPTER).unlink()
    assert "cannot be read" in unverified(tmp_path, BASE, sha256)


def test_settling_replaces_what_was_there(tmp_path: Path) -> None:
    (new := tmp_path / "new").write_text("new")
    (old := tmp_path / "old").write_text("old")
    settle(new, old)
    assert old.read_text() == "new"
    assert not new.exists()
