"""MLX computes what llama.cpp computes from the same file, or refuses it in a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from mlx.utils import tree_flatten

from localai.tune import architectures, weights
from localai.tune.architectures import File, NotTrainable
from localai.tune.training import FOR_MLX
from scripts.tiny_models import Draft, window, write
from tests.tune.tiny_llama import divergence, ids, llama_logits, mlx_logits, write_llama

TOKENS = ids(48)
PLAIN, ROUNDED = 1e-4, 0.05
"""How far apart both may be: llama.cpp keeps keys and values in float16, and multiplies
quantised weights with rounded activations. Random weights make much of that."""


def agree(path: Path, *, quantized: bool, within: float) -> bool:
    expected = llama_logits(path, TOKENS)
    found = mlx_logits(path, TOKENS, quantized=quantized)
    same = (expected.argmax(axis=-1) == found.argmax(axis=-1)).mean()
    return divergence(expected, found) < within and bool(same > (0.95 if within == PLAIN else 0.8))


@pytest.mark.parametrize("kind", ["F32", "F16"])
def test_plain_weights(tiny_llama: Callable[[str], Path], kind: str) -> None:
    assert agree(tiny_llama(kind), quantized=False, within=PLAIN)


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"])
def test_quantised_weights(tiny_llama: Callable[[str], Path], kind: str) -> None:
    path = tiny_llama(kind)
    assert agree(path, quantized=False, within=ROUNDED)
    widened = mlx_logits(path, TOKENS, quantized=False)
    np.testing.assert_allclose(mlx_logits(path, TOKENS, quantized=True), widened, atol=1e-3)


@pytest.mark.parametrize(
    "shape",
    [
        {"sharing": 2},
        {"without": "output.weight"},
        {"factors": np.linspace(1, 8, 8).tolist()},
        {"sharing": 4, "without": "output.weight", "factors": [2.0] * 8},
    ],
    ids=["shared keys", "tied embeddings", "rotation factors", "all of it"],
)
@pytest.mark.parametrize("kind", ["F32", "Q8_0"])
def test_other_shapes(tmp_path: Path, shape: dict[str, Any], kind: str) -> None:
    path = write_llama(tmp_path / "shaped.gguf", weights=kind, **shape)
    exact = kind == "F32"
    assert agree(path, quantized=not exact, within=PLAIN if exact else ROUNDED)


LOADING = """
import json, resource, sys
from pathlib import Path
from mlx.utils import tree_flatten
from localai.tune import weights
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model, _ = weights.load(Path(sys.argv[1]), quantized=False)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = sum(each.nbytes for _, each in tree_flatten(model.parameters()))
print(json.dumps([(peak - before) * (1 if sys.platform == "darwin" else 1024), size]))
"""


def test_loading_takes_little_more_memory_than_the_model(starter_model: Path) -> None:
    command = [sys.executable, "-c", LOADING, str(starter_model)]
    environment = {**os.environ, **FOR_MLX}
    said = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    taken, size = json.loads(said)
    assert taken < 1.3 * size


def test_the_comparison_would_see_other_positions(tmp_path: Path) -> None:
    one = write_llama(tmp_path / "one.gguf")
    other = write_llama(tmp_path / "other.gguf", factors=np.linspace(1, 8, 8).tolist())
    found = mlx_logits(other, TOKENS, quantized=False)
    assert divergence(llama_logits(one, TOKENS), found) > 10 * ROUNDED


def test_the_greedy_continuation_is_the_same(tiny_llama: Callable[[str], Path]) -> None:
    path = tiny_llama("F32")
    one = two = TOKENS[:5]
    for _ in range(12):
        one = np.append(one, llama_logits(path, one)[-1].argmax()).astype(np.int32)
        two = np.append(two, mlx_logits(path, two, quantized=False)[-1].argmax()).astype(np.int32)
    assert one.tolist() == two.tolist()


def test_nothing_is_trainable_at_first(tiny_llama: Callable[[str], Path]) -> None:
    model, info = weights.load(tiny_llama("F16"))
    assert tree_flatten(model.trainable_parameters()) == []
    assert info.architecture == "llama"
    assert "im_start" in info.template
    assert info.name("model.layers.2.self_attn.q_proj.weight") == "blk.2.attn_q.weight"
    with pytest.raises(NotTrainable, match=r"model\.layers\.9\.self_attn"):
        info.name("model.layers.9.self_attn.q_proj.weight")


def test_on_a_processor_weights_are_widened(tiny_llama: Callable[[str], Path]) -> None:
    model, _ = weights.load(tiny_llama("Q8_0"), quantized=False)
    assert {each.dtype for _, each in tree_flatten(model.parameters())} == {mx.float32}
    kept, _ = weights.load(tiny_llama("Q8_0"), quantized=True)
    assert mx.uint32 in {each.dtype for _, each in tree_flatten(kept.parameters())}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"without": "blk.1.attn_v.weight"}, "blk.1.attn_v.weight is missing"),
        ({"extra": "blk.0.attn_sinks.weight"}, "nothing is known of its tensor blk.0.attn_sinks"),
        ({"weights": "MXFP4"}, "is MXFP4"),
        ({"scaling": "yarn"}, "stretched positions"),
        ({"rotated": 8}, "partial rotation"),
    ],
)
def test_what_cannot_be_represented_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    refused(write_llama(tmp_path / "odd.gguf", **change), said)


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    refused(write("recurrent", tmp_path), "architecture 'mamba'")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("final_logit_softcapping", 30.0, "capped logits"),
        ("attention.sliding_window_pattern", [True, True, False, False], "its windows"),
        ("attention.sliding_window_pattern", [False, True, True, True], "its windows"),
        ("rope.scaling.type", "yarn", "stretched positions"),
        ("rope.scaling.factor", 8.0, "stretched positions"),
        ("rope.scale_linear", 8.0, "stretched positions"),
        ("rope.scaling.attn_factor", 0.0, "stretched positions"),
        ("attention.head_count_kv", [4, 4, 2, 4], "attention.head_count_kv is not one number"),
        ("attention.head_count", [4, 4, 2, 4], "attention.head_count is not one number"),
        ("feed_forward_length", [128] * 4, "feed_forward_length is not one number"),
        ("rope.freq_base", None, "rope.freq_base is not one number"),
    ],
)
def test_a_gemma_that_is_computed_otherwise_is_refused(
    tmp_path: Path, name: str, value: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("window", tmp_path)
    assert agree(path, quantized=False, within=PLAIN)
    monkeypatch.setattr(
        "localai.tune.weights.opened",
        lambda reader: said_instead(architectures.opened(reader), {name: value}),
    )
    refused(path, said)


@pytest.mark.parametrize(
    "values",
    [
        {"rope.freq_base_swa": 500.0},
        {"rope.freq_base": 300.0, "rope.freq_base_swa": 500.0},
        {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0},
        {"rope.scaling.type": "linear"},
        {"rope.scaling.type": "none", "rope.scaling.factor": 4.0},
        {"rope.scaling.factor": 1.0, "rope.scale_linear": 0.0},
    ],
    ids=lambda values: " ".join(f"{key}={value}" for key, value in values.items()),
)
def test_a_gemma_that_counts_positions_by_what_its_file_says(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    path = window_with(tmp_path / "said.gguf", values)
    assert agree(path, quantized=False, within=PLAIN)


def window_with(path: Path, values: Mapping[str, Any]) -> Path:
    """A tiny Gemma 3 whose file says that, too."""
    writer = GGUFWriter(path, "gemma3")
    for key, value in values.items():
        add = writer.add_string if isinstance(value, str) else writer.add_float32
        add(f"gemma3.{key}", value)
    window(Draft(writer, np.random.default_rng(7), GGMLQuantizationType.F32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize(("layers", "scale"), [(62, 32), (4, 16)])
def test_the_largest_gemma_scales_attention_by_its_width(
    tmp_path: Path, layers: int, scale: int
) -> None:
    file = architectures.opened(GGUFReader(write("window", tmp_path)))
    other = said_instead(file, {"block_count": layers, "attention.head_count": 2})
    assert architectures.build(other).layers[0].self_attn.scale == scale**-0.5


def said_instead(file: File, values: Mapping[str, Any]) -> File:
    """The file, as if it said that of its model."""
    real = file.value
    return file._replace(value=lambda key, default=None: values.get(key, real(key, default)))


def refused(path: Path, said: str) -> None:
    with pytest.raises(NotTrainable) as error:
        weights.load(path)
    message = str(error.value)
    assert said in message
    assert "cannot be trained yet" in message
    assert "hatting works" in message
    assert "\n" not in message
