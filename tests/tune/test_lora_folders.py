"""Folders of MLX, as its own loader reads them, and of PEFT; read back as they were written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten
from mlx_lm.models import llama
from mlx_lm.tuner.utils import load_adapters
from safetensors.numpy import load_file, save_file

from localai.errors import ModelError
from localai.tune import forward, lora_folders, published, sft, weights
from localai.tune.lora import Lora
from localai.tune.plan import Options
from tests.tune.tiny_llama import Array, ids, llama_logits, write_llama
from tests.tune.tiny_lora import RANK, SCALE, random_lora, same

OPTIONS = Options(rank=RANK, learning_rate=1e-3, epochs=1, replay=0.0, scale=SCALE)
TOKENS = ids(24)


def written(folder: Path, kind: str, base: Path, matrices: Lora | None = None) -> Path:
    folder.mkdir()
    lora_folders.write(folder, kind, matrices or random_lora(base), published.read(base))
    return folder


@pytest.mark.parametrize("kind", ["mlx", "peft"])
@pytest.mark.parametrize("sharing", [1, 2])
def test_there_and_back_is_the_same(tmp_path: Path, kind: str, sharing: int) -> None:
    base = write_llama(tmp_path / "m.gguf", sharing=sharing)
    folder = written(tmp_path / "out", kind, base)
    assert lora_folders.kind_of(folder) == kind
    assert same(lora_folders.read(folder, kind, published.read(base)), random_lora(base))


def ours(base: Path, matrices: Lora) -> Array:
    """What the model as it is trained here makes of the tokens with these matrices."""
    model, info = weights.load(base, quantized=False)
    sft.add_lora(model, OPTIONS)
    found = []
    for path in sft.matrices(model):
        owner, _, part = path.rpartition(".")
        pair = matrices.pairs[info.name(f"{owner}.weight")]
        found.append((path, mx.array((pair.a if part == "lora_a" else pair.b).T)))
    model.load_weights(found, strict=False)
    read = mx.array(TOKENS)
    return np.array(forward.logits(model, forward.hidden(model, read, mx.zeros_like(read))))


def as_published(base: Path) -> Any:
    """The model as its checkpoint has it: halves of heads one after the other."""
    model, info = weights.load(base, quantized=False)
    heads = published.read(base).heads
    model.args.rope_traditional = False
    plain = llama.Model(model.args)
    plain.load_weights(
        [
            (path, mx.array(published.unpermuted(np.array(value), heads.get(info.name(path), 0))))
            for path, value in tree_flatten(model.parameters())
        ]
    )
    return plain


def test_mlx_lm_answers_alike_with_its_own_loader(tmp_path: Path) -> None:
    base = write_llama(tmp_path / "m.gguf", sharing=2)
    matrices = random_lora(base)
    expected = ours(base, matrices)
    bare = as_published(base)
    np.testing.assert_allclose(
        np.array(bare(mx.array(TOKENS)[None])[0]), llama_logits(base, TOKENS), atol=0.05
    )
    tuned = load_adapters(bare, str(written(tmp_path / "out", "mlx", base, matrices)))
    found = np.array(tuned(mx.array(TOKENS)[None])[0])
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert np.abs(found - llama_logits(base, TOKENS)).max() > 1  # it does change something


def test_rows_left_permuted_would_be_seen(tmp_path: Path) -> None:
    base = write_llama(tmp_path / "m.gguf")
    folder = written(tmp_path / "out", "mlx", base)
    tensors = load_file(file := folder / "adapters.safetensors")
    for name, pair in random_lora(base).pairs.items():
        if name.endswith("attn_q.weight"):
            owner = published.read(base).modules[name]
            tensors[f"{owner}.lora_b"] = np.ascontiguousarray(pair.b.T)
    save_file(tensors, file)
    found = load_adapters(as_published(base), str(folder))(mx.array(TOKENS)[None])[0]
    assert np.abs(np.array(found) - ours(base, random_lora(base))).max() > 0.1


def config_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "adapter_config.json").read_text())
    return found


def test_peft_gets_the_names_and_fields_of_its_own_files(
    tiny_llama: Callable[[str], Path], tmp_path: Path
) -> None:
    """After peft/tuners/lora/config.py and peft/utils/save_and_load.py."""
    base = tiny_llama("F32")
    folder = written(tmp_path / "out", "peft", base)
    tensors = load_file(folder / "adapter_model.safetensors")
    owner = "base_model.model.model.layers.1.mlp.down_proj"
    assert tensors[f"{owner}.lora_A.weight"].shape == (RANK, 128)
    assert tensors[f"{owner}.lora_B.weight"].shape == (64, RANK)
    assert len(tensors) == 3 * 7 * 2
    config = config_of(folder)
    assert (config["peft_type"], config["r"], config["lora_alpha"]) == ("LORA", RANK, SCALE * RANK)
    assert "q_proj" in config["target_modules"]
    assert len(config["target_modules"]) == 7
    some = random_lora(base)
    some.pairs.pop("blk.1.attn_q.weight")
    config = json.loads(
        (written(tmp_path / "some", "peft", base, some) / "adapter_config.json").read_text()
    )
    assert "model.layers.0.self_attn.q_proj" in config["target_modules"]
    assert "model.layers.1.self_attn.q_proj" not in config["target_modules"]


def change(folder: Path, **fields: Any) -> None:
    (folder / "adapter_config.json").write_text(json.dumps(config_of(folder) | fields))


def test_other_ways_to_say_the_same(tiny_llama: Callable[[str], Path], tmp_path: Path) -> None:
    """rsLoRA's scale, half precision, the names of models that also see."""
    base = tiny_llama("F32")
    folder = written(tmp_path / "out", "peft", base)
    change(folder, use_rslora=True)
    file = folder / "adapter_model.safetensors"
    halves = {
        name.replace("base_model.model.", "base_model.model.language_model."): matrix.astype(
            np.float16
        )
        for name, matrix in load_file(file).items()
    }
    save_file(halves, file)
    found = lora_folders.read(folder, "peft", published.read(base))
    assert found.alpha == pytest.approx(SCALE * RANK * RANK**0.5)
    for name, pair in random_lora(base).pairs.items():
        np.testing.assert_allclose(found.pairs[name].b, pair.b, atol=1e-3)
    brief = {name: mx.array(each).astype(mx.bfloat16) for name, each in halves.items()}
    mx.save_safetensors(str(file), brief)
    found = lora_folders.read(folder, "peft", published.read(base))
    name = "blk.0.attn_q.weight"
    np.testing.assert_allclose(found.pairs[name].b, random_lora(base).pairs[name].b, atol=1e-2)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("base_model.model.model.", "base_model.model.model.language_model."),
        ("base_model.model.model.", "model.language_model."),
        ("base_model.model.model.", "language_model.model."),
    ],
)
def test_names_of_models_that_also_see(
    tiny_llama: Callable[[str], Path], tmp_path: Path, before: str, after: str
) -> None:
    base = tiny_llama("F32")
    folder = written(tmp_path / "out", "peft", base)
    file = folder / "adapter_model.safetensors"
    whole = load_file(file)
    save_file({name.replace(before, after): each for name, each in whole.items()}, file)
    assert same(lora_folders.read(folder, "peft", published.read(base)), random_lora(base))
    one = f"{after}layers.0.mlp.up_proj.lora_A.weight"
    save_file({**whole, one: np.ones((RANK, 64), "f4")}, file)
    refused(folder, "peft", base, r"holds model\.layers\.0\.mlp\.up_proj\.a twice")


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("peft", {"use_dora": True}, "use_dora"),
        ("peft", {"alpha_pattern": {"q_proj": 3}}, "alpha_pattern"),
        ("peft", {"alora_invocation_tokens": [1, 2]}, "alora_invocation_tokens"),
        ("peft", {"peft_type": "IA3"}, "another method"),
        ("peft", {"lora_alpha": None}, "how strongly"),
        ("peft", {"lora_alpha": 0}, "the strength 0"),
        ("mlx", {"fine_tune_type": "dora"}, "another method"),
        ("mlx", {"lora_parameters": {"rank": 4}}, "how strongly"),
        ("mlx", {"lora_parameters": {"scale": 0}}, "the strength 0"),
    ],
)
def test_what_is_no_plain_lora_is_refused(
    tiny_llama: Callable[[str], Path], tmp_path: Path, kind: str, fields: dict[str, Any], said: str
) -> None:
    folder = written(tmp_path / "out", kind, tiny_llama("F32"))
    change(folder, **fields)
    refused(folder, kind, tiny_llama("F32"), said)


def refused(folder: Path, kind: str, base: Path, said: str) -> None:
    with pytest.raises(ModelError, match=said) as error:
        lora_folders.read(folder, kind, published.read(base))
    assert "\n" not in str(error.value)


def test_damaged_folders_are_refused(tiny_llama: Callable[[str], Path], tmp_path: Path) -> None:
    base = tiny_llama("F32")
    folder = written(tmp_path / "out", "mlx", base)
    file = folder / "adapters.safetensors"
    whole = load_file(file)
    for tensors, said in [
        ({**whole, "model.norm.weight": np.ones(3, "f4")}, "holds model.norm.weight"),
        (dict(list(whole.items())[1:]), "is missing"),
        ({}, "holds nothing"),
        ({**whole, "model.layers.0.self_attn.q_proj.lora_a": np.ones((2, 2), "i4")}, "type I32"),
    ]:
        save_file(tensors, file)
        refused(folder, "mlx", base, said)
    file.write_bytes(b"nonsense")
    refused(folder, "mlx", base, "cannot be read")
    save_file(whole, file)
    (folder / "adapter_config.json").write_text("[]")
    refused(folder, "mlx", base, "no configuration")
    (folder / "adapter_config.json").unlink()
    refused(folder, "mlx", base, "cannot be read")
    file.unlink()
    with pytest.raises(ModelError, match="holds no adapter"):
        lora_folders.kind_of(folder)


def test_several_ranks_are_for_gguf_alone(
    tiny_llama: Callable[[str], Path], tmp_path: Path
) -> None:
    matrices = random_lora(base := tiny_llama("F32"))
    a, b = matrices.pairs["blk.0.attn_q.weight"]
    matrices.pairs["blk.0.attn_q.weight"] = type(matrices.pairs["blk.0.attn_q.weight"])(
        a[:2], b[:, :2]
    )
    with pytest.raises(ModelError, match="several ranks"):
        written(tmp_path / "out", "mlx", base, matrices)
