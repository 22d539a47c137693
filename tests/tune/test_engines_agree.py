"""MLX computes what llama.cpp computes, from sharp models of every architecture and type.

Bar: a mean KL divergence below 0.005. What is left is llama.cpp's: it rounds activations to
8 bits. The bar is worth something, since mistakes that are easily made do not reach it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx_lm.models import gemma3_text

from localai.tune import weights
from localai.tune.training import FOR_MLX
from scripts.tiny_trained import ARCHITECTURES, lines
from tests.engine.running import opened
from tests.tune.tiny_llama import divergence, llama_logits, logits
from tests.tune.trained import FILE_TYPES, ROOT, requantised, write_trained

pytestmark = pytest.mark.model

BAR = 0.005
TEXTS = lines()[:3]
TEXT = "text.npy"
STARTER = ("Q4_0", "Q5_0", "Q4_K_M", "Q6_K", "Q8_0", "F16")
CHAT = (
    "<|im_start|>user\nWhat is the capital of France, and how far is it from Berlin?<|im_end|>\n"
    "<|im_start|>assistant\nThe capital of France is Paris. It is about 880 kilometers from "
    "Berlin, the capital of Germany, in a straight line.<|im_end|>\n"
    "<|im_start|>user\nWrite two sentences about a lighthouse keeper.<|im_end|>\n"
    "<|im_start|>assistant\nEvery evening the lighthouse keeper climbed the stairs to light the "
    "lamp. In the morning he slept, and the ships were safe.<|im_end|>\n"
)
COMMON = ("F16", "Q8_0", "Q4_K_M")

Model = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Architecture and type -> a trained model's file, each made once."""
    folder = tmp_path_factory.mktemp("trained")
    trained = cache(lambda architecture: write_trained(folder, architecture))
    return cache(lambda architecture, kind: requantised(trained(architecture), folder, kind))


@pytest.fixture(scope="module")
def served() -> Callable[[Path], Any]:
    """File -> what llama.cpp makes of the texts."""
    return cache(lambda path: np.concatenate([llama_logits(path, text) for text in TEXTS]))


@pytest.fixture(scope="module")
def starters(starter_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The starter model in several types; beside them is the text that they shall read."""
    folder = tmp_path_factory.mktemp("starters")
    with opened(starter_model) as rig:
        np.save(folder / TEXT, np.array(rig.tokenizer.tokenize(CHAT, special=True), np.int32))
    return {each: requantised(starter_model, folder, each) for each in STARTER}


@pytest.fixture(scope="module")
def starter_logits(starters: dict[str, Path]) -> dict[str, Any]:
    """What MLX makes of the text, in a process of its own, as training has it."""
    folder = starters["F16"].parent
    files = [str(path) for path in starters.values()]
    environment = {**os.environ, **FOR_MLX, "LOCALAI_HOME": str(folder)}
    command = [sys.executable, "-m", "tests.tune.trained", str(folder / TEXT), *files]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return {kind: np.load(path.with_suffix(".npy")) for kind, path in starters.items()}


@pytest.mark.parametrize(
    ("architecture", "kind", "quantized"),
    [
        *product(ARCHITECTURES, COMMON, (False, True)),
        *(("llama", kind, True) for kind in FILE_TYPES if kind not in COMMON),
    ],
)
def test_both_engines_agree(
    model: Model, served: Callable[[Path], Any], architecture: str, kind: str, quantized: bool
) -> None:
    path = model(architecture, kind)
    expected = served(path)
    assert certainty(expected) > 0.8
    found, _ = weights.load(path, quantized=quantized)
    assert divergence(expected, logits(found, *TEXTS)) < BAR


@pytest.mark.parametrize("kind", STARTER)
def test_both_engines_agree_on_the_starter_model(
    starters: dict[str, Path], starter_logits: dict[str, Any], kind: str
) -> None:
    text = np.load(starters[kind].parent / TEXT)
    assert divergence(llama_logits(starters[kind], text), starter_logits[kind]) < BAR


def certainty(found: Any) -> float:
    """The mean probability of the likeliest token."""
    shifted = np.exp(found.astype(np.float64) - found.max(axis=-1, keepdims=True))
    return float((1 / shifted.sum(axis=-1)).mean())


def attentions(model: Any) -> list[Any]:
    return [layer.self_attn for layer in model.layers]


def flip_rope(model: Any) -> None:
    for each in attentions(model):
        each.rope.traditional = not each.rope.traditional


def shift_norms(model: Any) -> None:
    for module in model.modules():
        if isinstance(module, nn.RMSNorm | gemma3_text.RMSNorm):
            module.weight = module.weight + 1


def swap_scales(model: Any) -> None:
    """Of neighbouring groups."""
    for module in model.modules():
        if isinstance(module, nn.QuantizedLinear):
            pairs = module.scales.reshape(len(module.scales), -1, 2)
            module.scales = pairs[..., ::-1].reshape(module.scales.shape)


def forget_biases(model: Any) -> None:
    for each in attentions(model):
        for part in (each.q_proj, each.k_proj, each.v_proj):
            part.bias = mx.zeros_like(part.bias)


def forget_head_norms(model: Any) -> None:
    for each in attentions(model):
        each.q_norm.weight = mx.ones_like(each.q_norm.weight)


def lift_windows(model: Any) -> None:
    for each in attentions(model):
        each.window = 0


def confuse_layers(model: Any) -> None:
    one, other = attentions(model)
    one.rope, other.rope = other.rope, one.rope


def forget_scale(model: Any) -> None:
    model.args.hidden_size = 1


@pytest.mark.parametrize(
    ("architecture", "spoil"),
    [
        *((each, how) for each in ARCHITECTURES for how in (flip_rope, shift_norms, swap_scales)),
        ("qwen2", forget_biases),
        ("qwen3", forget_head_norms),
        ("gemma3", forget_head_norms),
        ("gemma3", lift_windows),
        ("gemma3", confuse_layers),
        ("gemma3", forget_scale),
    ],
)
def test_a_mistake_does_not_reach_the_bar(
    model: Model, served: Callable[[Path], Any], architecture: str, spoil: Callable[[Any], None]
) -> None:
    path = model(architecture, "Q8_0")
    found, _ = weights.load(path, quantized=True)
    spoil(found)
    assert divergence(served(path), logits(found, *TEXTS)) > BAR
