"""Adapters taken elsewhere and brought in: the same again, or refused in one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from gguf import GGUFValueType, GGUFWriter
from safetensors.numpy import load_file, save_file

from localai import paths
from localai.catalog.entry import ModelEntry, from_path
from localai.engine.adapter import MANIFEST
from localai.errors import LocalaiError, ModelError, UsageError
from localai.port.sources import PortError
from localai.store.store import Store
from localai.store.tuning import Adapter
from localai.tune import adapter, exporting, importing, lora
from localai.tune.lora import Lora, Pair
from localai.tune.manifest import read_manifest
from localai.tune.plan import ADAPTER
from scripts.tiny_models import write
from tests.engine.tiny_adapter import write_adapter
from tests.tune.tiny_llama import write_llama
from tests.tune.tiny_lora import random_lora, record, same

FOLDERS = ("gguf-lora", "mlx", "peft")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_llama(tmp_path / "base.gguf", sharing=2)


@pytest.fixture
def entry(base: Path) -> ModelEntry:
    return from_path(base)


@pytest.fixture
def tuned(store: Store, base: Path) -> Adapter:
    return record(store, base, random_lora(base))


@pytest.mark.parametrize("form", FOLDERS)
def test_there_and_back(
    store: Store, base: Path, entry: ModelEntry, tuned: Adapter, tmp_path: Path, form: str
) -> None:
    exporting.export(tuned, base, form, out := tmp_path / "out")
    store.remove_adapter(tuned)
    made = importing.add(store, entry, out, "pirate")
    assert same(lora.read(Path(made.file)), random_lora(base))
    assert (made.name, made.base, made.run) == ("pirate", tuned.base, "")
    assert made.base_bytes == base.stat().st_size
    assert store.active_adapter(made.base) is None
    folder = Path(made.file).parent
    assert folder.parent == paths.adapters()
    assert sorted(each.name for each in folder.iterdir()) == [ADAPTER, MANIFEST]
    adapter.verify(folder, made.base, made.sha256)
    manifest = read_manifest(folder)
    own = form == "gguf-lora"
    assert manifest.options["imported"] == ("gguf" if own else form)
    assert (manifest.corrections, manifest.replay) == ((("c1",), 3) if own else ((), 0))
    assert store.activate(made.base, made.id, "chosen").adapter == made.id


def test_a_copy_is_the_same_file_without_what_was_asked(
    base: Path, tuned: Adapter, tmp_path: Path
) -> None:
    exporting.export(tuned, base, "gguf-lora", out := tmp_path / "out")
    assert (out / ADAPTER).read_bytes() == Path(tuned.file).read_bytes()
    assert "secret" not in (out / MANIFEST).read_text()
    adapter.verify(out, tuned.base, tuned.sha256)


@pytest.mark.parametrize("form", [*FOLDERS, "merged-gguf"])
def test_nothing_is_overwritten_and_nothing_half_is_left(
    base: Path, tuned: Adapter, tmp_path: Path, form: str
) -> None:
    (taken := tmp_path / "taken").write_text("mine")
    with pytest.raises(PortError, match="is there already"):
        exporting.export(tuned, base, form, taken)
    assert taken.read_text() == "mine"
    before = sorted(tmp_path.iterdir())
    with pytest.raises(PortError, match="cannot be written"):
        exporting.export(tuned, base, form, tmp_path / "nowhere" / "out")
    Path(tuned.file).write_bytes(b"GGUF")
    with pytest.raises(ModelError, match="not the one"):
        exporting.export(tuned, base, form, tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_here_already_is_not_brought_twice(
    store: Store, base: Path, entry: ModelEntry, tuned: Adapter, tmp_path: Path
) -> None:
    exporting.export(tuned, base, "peft", out := tmp_path / "out")
    before = sorted(paths.adapters().iterdir())
    refused(store, entry, out, "is here already, as tuned-1", UsageError)
    assert sorted(paths.adapters().iterdir()) == before


def test_a_gguf_file_of_others_is_taken_as_it_is(
    store: Store, entry: ModelEntry, tmp_path: Path
) -> None:
    sha256 = write_adapter(file := tmp_path / "theirs.gguf", dtype=np.float16)
    made = importing.add(store, entry, file)
    assert (made.name, made.sha256) == ("tuned-1", sha256)


def refused(
    store: Store,
    entry: ModelEntry,
    path: Path,
    said: str,
    kind: type[LocalaiError] = ModelError,
    name: str = "",
) -> None:
    count = len(store.adapters())
    with pytest.raises(kind, match=said) as error:
        importing.add(store, entry, path, name)
    assert "\n" not in str(error.value)
    assert len(store.adapters()) == count


@pytest.mark.parametrize("form", ["mlx", "peft"])
def test_another_model_is_refused(
    store: Store, base: Path, tuned: Adapter, tmp_path: Path, form: str
) -> None:
    exporting.export(tuned, base, form, out := tmp_path / "out")
    other = from_path(write_llama(tmp_path / "other.gguf", sharing=1))
    refused(store, other, out, r"made for another model than other.*choose its model with -m")
    gemma = from_path(write("window", tmp_path))
    refused(store, gemma, out, "made for another model than tiny-window")
    refused(store, from_path(write("recurrent", tmp_path)), out, "mamba models look like is not")


def test_the_manifest_tells_files_of_the_same_shape_apart(
    store: Store, base: Path, tuned: Adapter, tmp_path: Path
) -> None:
    exporting.export(tuned, base, "gguf-lora", out := tmp_path / "out")
    other = from_path(write_llama(tmp_path / "other.gguf", sharing=2, weights="F16"))
    refused(store, other, out, r"another model's file \(tiny\)")
    (out / MANIFEST).unlink()
    assert importing.add(store, other, out).name == "tuned-2"


def test_what_is_no_sound_adapter_is_refused(
    store: Store, base: Path, entry: ModelEntry, tmp_path: Path
) -> None:
    refused(store, entry, base, "holds a model, not an adapter")
    refused(store, entry, tmp_path / "absent", "There is no adapter file")
    refused(store, entry, tmp_path, "holds no adapter")
    (text := tmp_path / "text").write_text("Hello, I am no model at all.")
    refused(store, entry, text, "cannot be used: it does not begin with GGUF")
    write_adapter(odd := tmp_path / "odd.gguf", scale=float("nan"))
    refused(store, entry, odd, "not finite")
    write_adapter(odd, architecture="qwen3")
    refused(store, entry, odd, "of the kind qwen3, and this one is llama")
    write_adapter(odd, inputs=32)
    refused(store, entry, odd, "64 x 32 weights, and this model has 64 x 64")
    whole = odd.read_bytes()
    odd.write_bytes(whole[:-100])
    refused(store, entry, odd, "truncated")
    assert not paths.adapters().exists() or list(paths.adapters().iterdir()) == []


def test_a_name_that_is_taken_is_refused_first(
    store: Store, base: Path, entry: ModelEntry, tuned: Adapter
) -> None:
    refused(store, entry, Path(tuned.file), "means something else", UsageError, "base")


def test_nothing_is_brought_in_while_a_tune_clears_up(
    store: Store, entry: ModelEntry, tmp_path: Path
) -> None:
    write_adapter(file := tmp_path / "theirs.gguf")
    paths.private_dir(paths.home())
    with FileLock(paths.tune_lock()):
        refused(store, entry, file, "A tune is running", UsageError)


def test_half_a_pair_is_refused(
    store: Store, base: Path, entry: ModelEntry, tmp_path: Path
) -> None:
    a, b = random_lora(base).pairs["blk.0.attn_q.weight"]
    one = Lora(1.0, {"blk.0.attn_q.weight": Pair(a, b)})
    lora.write(file := tmp_path / "half.gguf", "llama", one)
    file.write_bytes(file.read_bytes().replace(b"weight.lora_b", b"weight.lora_c"))
    refused(store, entry, file, "is missing")


GGUF = {
    "whole numbers": ({"kind": np.int32}, "cannot be read"),
    "wide numbers": ({"kind": np.float64}, "cannot be read"),
    "alpha is a list": ({"alpha": [1.0, 2.0]}, "cannot be read"),
    "alpha is a word": ({"alpha": "much"}, "cannot be read"),
    "alpha is no number": ({"alpha": float("nan")}, r"not finite \(its alpha\)"),
    "alpha is infinite": ({"alpha": float("inf")}, r"not finite \(its alpha\)"),
    "from certain words on": (
        {"more": {"adapter.alora.invocation_tokens": [1]}},
        "activated LoRA",
    ),
    "embeddings": ({"names": ["token_embd.weight"]}, "token_embd.weight, and this part cannot"),
    "no matrices": ({"names": ()}, "holds nothing"),
}


@pytest.mark.parametrize(("change", "said"), GGUF.values(), ids=GGUF)
def test_strange_gguf_files_are_refused(
    store: Store, entry: ModelEntry, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    refused(store, entry, write_strange(tmp_path / "strange.gguf", **change), said)


def write_strange(
    path: Path,
    *,
    kind: type[np.generic] = np.float32,
    alpha: Any = 8.0,
    names: Sequence[str] = ("blk.0.attn_q.weight",),
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Path:
    """An adapter as no program of ours writes it."""
    writer = GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    for key, value in {"adapter.lora.alpha": alpha, **more}.items():
        inner = GGUFValueType.get_type(value[0]) if isinstance(value, list) else None
        writer.add_key_value(key, value, GGUFValueType.get_type(value), sub_type=inner)
    for name in names:
        writer.add_tensor(f"{name}.lora_a", np.ones((2, 64), kind))
        writer.add_tensor(f"{name}.lora_b", np.ones((64, 2), kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


NESTED = '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"

CONFIGS = {
    "400 digits": ("peft", {"lora_alpha": 10**400}, "cannot be read"),
    "beyond a float32": ("peft", {"lora_alpha": 1e39}, r"not finite \(its alpha\)"),
    "no number": ("peft", {"lora_alpha": float("nan")}, r"not finite \(its alpha\)"),
    "infinite": ("mlx", {"lora_parameters": {"scale": float("inf")}}, r"not finite \(its alpha\)"),
    "an index out of range": ("mlx", {"lora_parameters": []}, "how strongly"),
}


@pytest.mark.parametrize(("form", "fields", "said"), CONFIGS.values(), ids=CONFIGS)
def test_strange_configurations_are_refused(
    store: Store,
    base: Path,
    entry: ModelEntry,
    tuned: Adapter,
    tmp_path: Path,
    form: str,
    fields: dict[str, Any],
    said: str,
) -> None:
    exporting.export(tuned, base, form, out := tmp_path / "out")
    file = out / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))
    refused(store, entry, out, said)


def test_what_is_nested_without_end_is_refused(
    store: Store, base: Path, entry: ModelEntry, tuned: Adapter, tmp_path: Path
) -> None:
    exporting.export(tuned, base, "peft", out := tmp_path / "out")
    (out / "adapter_config.json").write_text(NESTED)
    refused(store, entry, out, "cannot be read")
    store.remove_adapter(tuned)
    exporting.export(tuned, base, "gguf-lora", other := tmp_path / "other")
    (other / MANIFEST).write_text(NESTED)
    made = importing.add(store, entry, other)
    assert read_manifest(Path(made.file).parent).corrections == ()


def test_numbers_that_a_float32_cannot_hold_are_refused(
    store: Store, base: Path, entry: ModelEntry, tuned: Adapter, tmp_path: Path
) -> None:
    exporting.export(tuned, base, "peft", out := tmp_path / "out")
    file = out / "adapter_model.safetensors"
    tensors = load_file(file)
    name = min(tensors)
    tensors[name] = np.full(tensors[name].shape, 1e300)
    save_file(tensors, file)
    refused(store, entry, out, r"not finite \(blk\.0\.")
