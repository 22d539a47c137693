"""Write tiny models that learned something: `scripts/tiny_trained.py FOLDER [ARCHITECTURE ...]`.

One GGUF file for each architecture that localai trains, weights in F32. Rows are wide, so
that llama.cpp can quantise them in every way; predictions are sharp, so that a mistake in
computing them is seen: a few lines of random letters were learned by heart. What sets an
architecture apart (biases, norms, windows, positions) is there and matters. Vocabulary and
template are those of `tiny_models`; they speak nonsense, too.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Weights

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.tiny_models import EPSILON, TRAINED, Draft
from scripts.tiny_vocabularies import CHATML, add_bytes

WIDTH, HIDDEN, HEADS, GROUPS, LAYERS = 256, 512, 4, 2, 2
HEADED = {"qwen3": 128, "gemma3": 128}
"""Numbers in a query, where that is not WIDTH / HEADS."""
TIED = ("qwen2", "gemma3")
WINDOW = 12
LINES, LENGTH, LETTERS = 8, 33, 24
EPOCHS, RATE = 40, 5e-3

Array = np.ndarray[Any, np.dtype[np.float32]]
ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma3")


def lines() -> Any:
    """What is learned by heart: (LINES, LENGTH) token ids, int32; every letter has many
    that follow it."""
    return np.random.default_rng(5).integers(97, 97 + LETTERS, (LINES, LENGTH)).astype(np.int32)


@dataclass
class Wide(Draft):
    """A file being written; where `learned` has a tensor, with that."""

    learned: dict[str, Array] = field(default_factory=dict)

    def add(self, name: str, values: Any) -> None:
        """A tensor, as it was learned or else with these values."""
        self.writer.add_tensor(name, self.learned.get(name, values.astype(np.float32)))

    def matrix(self, name: str, outputs: int, inputs: int, scale: float = 1.0) -> None:
        """Random weights, shape (outputs, inputs), that keep the size of what they are fed."""
        self.add(name, self.random.standard_normal((outputs, inputs)) * scale / inputs**0.5)

    def norm(self, name: str, size: int = WIDTH) -> None:
        """Factors around 1."""
        self.add(name, self.random.uniform(0.5, 1.5, size))

    def bias(self, name: str, size: int) -> None:
        """Some numbers to add."""
        self.add(name, self.random.standard_normal(size) * 0.5)


def fill(draft: Wide, architecture: str) -> None:
    """All metadata and tensors of one architecture."""
    writer, head = draft.writer, HEADED.get(architecture, WIDTH // HEADS)
    count = add_bytes(writer, CHATML)
    writer.add_context_length(TRAINED)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(50000.0)
    if architecture == "gemma3":
        writer.add_sliding_window(WINDOW)
        writer.add_sliding_window_pattern(2)
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(2.0)
    draft.matrix("token_embd.weight", count, WIDTH, 1.0 if architecture in TIED else WIDTH**0.5)
    draft.norm("output_norm.weight")
    if architecture not in TIED:
        draft.matrix("output.weight", count, WIDTH)
    for layer in range(LAYERS):
        _block(draft, architecture, f"blk.{layer}", head)


def _block(draft: Wide, architecture: str, block: str, head: int) -> None:
    gemma = architecture == "gemma3"
    for norm in ("attn_norm", "ffn_norm", *(("post_attention_norm", "post_ffw_norm") * gemma)):
        draft.norm(f"{block}.{norm}.weight")
    if architecture in ("qwen3", "gemma3"):
        draft.norm(f"{block}.attn_q_norm.weight", head)
        draft.norm(f"{block}.attn_k_norm.weight", head)
    for part, heads in (("q", HEADS), ("k", GROUPS), ("v", GROUPS)):
        draft.matrix(f"{block}.attn_{part}.weight", heads * head, WIDTH)
        if architecture == "qwen2":
            draft.bias(f"{block}.attn_{part}.bias", heads * head)
    draft.matrix(f"{block}.attn_output.weight", WIDTH, HEADS * head)
    draft.matrix(f"{block}.ffn_gate.weight", HIDDEN, WIDTH)
    draft.matrix(f"{block}.ffn_up.weight", HIDDEN, WIDTH)
    draft.matrix(f"{block}.ffn_down.weight", WIDTH, HIDDEN)


def write(path: Path, architecture: str, learned: dict[str, Array]) -> None:
    """Write one file; what was not learned is random, and always the same."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(f"Tiny trained {architecture}")
    random = np.random.default_rng(list(architecture.encode()))
    fill(Wide(writer, random, Weights.F32, learned=learned), architecture)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def learn(path: Path) -> dict[str, Array]:
    """Train all layers of the file's model on `lines`; the tensors that changed. Norms, too, so
    the gradient is MLX's own: a `Descent` trains linear layers."""
    import mlx.core as mx
    from mlx import nn, optimizers
    from mlx.utils import tree_flatten

    from localai.lessons.maker import Example
    from localai.tune import descent, packing, sft, weights
    from localai.tune.plan import Options

    model, info = weights.load(path, quantized=False)
    for layer in model.layers:
        layer.unfreeze()
    weight = (0.0, *[1.0] * (LENGTH - 1))
    rows = [packing.row(Example(tuple(line.tolist()), weight)) for line in lines()]
    options = Options(rank=0, learning_rate=RATE, epochs=EPOCHS, replay=0.0, tokens=LINES * LENGTH)
    optimizer = optimizers.AdamW(RATE, weight_decay=0.0)
    for done, step in enumerate(sft.plan(rows, [], options)):
        optimizer.learning_rate = descent.rate(options, done, EPOCHS)
        arrays = sft.arrays(packing.pack(step))
        value, gradients = nn.value_and_grad(model, sft.loss)(model, *arrays)
        optimizer.update(model, optimizers.clip_grad_norm(gradients, options.clip)[0])
        mx.eval(model.state, optimizer.state)
        print(f"{path.name} {done + 1}/{EPOCHS} loss {float(value):.3f}", file=sys.stderr)
    one = info.architecture == "gemma3"  # what its norms hold less than its files
    return {
        info.name(name): np.array(value) + (one and "norm" in name)
        for name, value in tree_flatten(model.trainable_parameters())
    }


def stay_on_one_core() -> None:
    """Where that can be said: matrices this small gain nothing from more, and the threads of
    a BLAS wait for each other on a busy machine."""
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("architecture", nargs="*", help=f"of {', '.join(ARCHITECTURES)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.architecture) - set(ARCHITECTURES):
        parser.error(f"unknown architecture: {', '.join(sorted(unknown))}")
    from localai.tune import blas

    stay_on_one_core()
    blas.bind()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for architecture in arguments.architecture or ARCHITECTURES:
        path = arguments.folder / f"trained-{architecture}.gguf"
        write(path, architecture, {})
        write(path, architecture, learn(path))
        print(path)


if __name__ == "__main__":
    main()
