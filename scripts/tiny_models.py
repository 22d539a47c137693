"""Write tiny GGUF models with random weights: `scripts/tiny_models.py FOLDER [KIND ...]`.

One file per kind of model that llama.cpp runs differently, each below 2 MB, the same
bytes every time. They speak nonsense: they are for tests of behaviour (caches, limits,
characters cut in half), never of answers. The vocabularies are in `tiny_vocabularies`.

`plain`: attention over everything. `bare`: the same without a chat template. `marked`: the
same with the markers of Mistral's tool calls as control tokens. `window`:
sliding window, SentencePiece; `untaught`: the same without a chat template. `recurrent`: no
cache to cut back. `hybrid`: layers of both.
`embedding` and `vocabulary` cannot chat. Weights are F32, or of another type that
`gguf.quants` can write, such as F16, Q8_0 and Q4_0.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Weights

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.tiny_vocabularies import CHATML, GEMMA, add_bytes, add_sentencepiece, add_wordpiece

WIDTH = 64
HIDDEN = 128
HEADS = 4
HEAD = WIDTH // HEADS
TRAINED = 512
WINDOW = 24
EPSILON = 1e-5
BLOCK = 32
"""Weights that share a scale: what has shorter rows stays F32, as convolutions do."""

WEIGHTS = ("F32", "F16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0")

GENERATES = ("plain", "bare", "window", "recurrent", "hybrid")
"""The kinds that write text."""


@dataclass
class Draft:
    """A file being written; `vocabulary` is its number of tokens, `weights` their type."""

    writer: gguf.GGUFWriter
    random: np.random.Generator
    weights: Weights
    vocabulary: int = 0

    def matrix(self, name: str, outputs: int, inputs: int, scale: float = 1.0) -> None:
        """Random weights, shape (outputs, inputs), that keep the size of what they are fed."""
        values = self.random.standard_normal((outputs, inputs)) * scale / inputs**0.5
        kind = self.weights if inputs % BLOCK == 0 else Weights.F32
        stored = gguf.quants.quantize(values.astype(np.float32), kind)
        self.writer.add_tensor(name, stored, raw_dtype=kind)

    def constant(self, name: str, *shape: int, value: float = 1.0) -> None:
        """A tensor of one value."""
        self.writer.add_tensor(name, np.full(shape, value, np.float32))

    def sizes(self, layers: int) -> None:
        """What every file says of itself."""
        self.writer.add_context_length(TRAINED)
        self.writer.add_embedding_length(WIDTH)
        self.writer.add_block_count(layers)
        self.writer.add_layer_norm_rms_eps(EPSILON)

    def frame(self, layers: int, embedding: float = 1.0) -> None:
        """A text model's sizes, embeddings of standard deviation `embedding`, its output."""
        self.sizes(layers)
        self.matrix("token_embd.weight", self.vocabulary, WIDTH, embedding * WIDTH**0.5)
        self.matrix("output.weight", self.vocabulary, WIDTH, 3.0)

    def attention(self, layer: int) -> None:
        """Queries, keys, values and their output, one key head per query head."""
        for part in ("q", "k", "v", "output"):
            self.matrix(f"blk.{layer}.attn_{part}.weight", WIDTH, WIDTH, 1.5)

    def feed_forward(self, layer: int) -> None:
        """The gated part of a layer, with its norm."""
        self.constant(f"blk.{layer}.ffn_norm.weight", WIDTH)
        self.matrix(f"blk.{layer}.ffn_gate.weight", HIDDEN, WIDTH)
        self.matrix(f"blk.{layer}.ffn_up.weight", HIDDEN, WIDTH)
        self.matrix(f"blk.{layer}.ffn_down.weight", WIDTH, HIDDEN)


def plain(draft: Draft, template: str = CHATML, control: Sequence[str] = ()) -> None:
    """Llama: rotary attention over everything, byte-level BPE, reasoning markers."""
    draft.vocabulary = add_bytes(draft.writer, template, control)
    draft.frame(layers := 3)
    draft.writer.add_feed_forward_length(HIDDEN)
    draft.writer.add_head_count(HEADS)
    draft.writer.add_rope_dimension_count(HEAD)
    draft.constant("output_norm.weight", WIDTH)
    for layer in range(layers):
        draft.constant(f"blk.{layer}.attn_norm.weight", WIDTH)
        draft.attention(layer)
        draft.feed_forward(layer)


def bare(draft: Draft) -> None:
    """`plain` without a chat template, as pretrained models come."""
    plain(draft, template="")


def marked(draft: Draft) -> None:
    """`plain` with control tokens in its calls."""
    plain(draft, control=("[TOOL_CALLS]", "[CALL_ID]", "[ARGS]"))


def window(draft: Draft, template: str = GEMMA) -> None:
    """Gemma 3: every other layer sees the last WINDOW tokens only."""
    draft.vocabulary = add_sentencepiece(draft.writer, template)
    draft.frame(layers := 4, embedding=WIDTH**-0.5)
    draft.writer.add_feed_forward_length(HIDDEN)
    draft.writer.add_head_count(HEADS)
    draft.writer.add_head_count_kv(HEADS)
    draft.writer.add_key_length(HEAD)
    draft.writer.add_value_length(HEAD)
    draft.writer.add_sliding_window(WINDOW)
    draft.writer.add_sliding_window_pattern([layer % 2 == 0 for layer in range(layers)])
    draft.constant("output_norm.weight", WIDTH)
    for layer in range(layers):
        for norm in ("attn_norm", "post_attention_norm", "post_ffw_norm"):
            draft.constant(f"blk.{layer}.{norm}.weight", WIDTH)
        for norm in ("attn_q_norm", "attn_k_norm"):
            draft.constant(f"blk.{layer}.{norm}.weight", HEAD)
        draft.attention(layer)
        draft.feed_forward(layer)


def untaught(draft: Draft) -> None:
    """`window` without a chat template, as pretrained models come."""
    window(draft, template="")


def recurrent(draft: Draft) -> None:
    """Mamba: a state instead of a cache."""
    kernel, state, rank, inner = 4, 8, 4, 2 * WIDTH
    draft.vocabulary = add_bytes(draft.writer, CHATML)
    draft.frame(layers := 3)
    draft.writer.add_feed_forward_length(0)
    draft.writer.add_head_count(0)
    draft.writer.add_ssm_conv_kernel(kernel)
    draft.writer.add_ssm_inner_size(inner)
    draft.writer.add_ssm_state_size(state)
    draft.writer.add_ssm_time_step_rank(rank)
    draft.constant("output_norm.weight", WIDTH)
    for layer in range(layers):
        block = f"blk.{layer}"
        draft.constant(f"{block}.attn_norm.weight", WIDTH)
        draft.matrix(f"{block}.ssm_in.weight", 2 * inner, WIDTH, 1.5)
        draft.matrix(f"{block}.ssm_conv1d.weight", inner, kernel)
        draft.constant(f"{block}.ssm_conv1d.bias", inner, value=0.0)
        draft.matrix(f"{block}.ssm_x.weight", rank + 2 * state, inner)
        draft.matrix(f"{block}.ssm_dt.weight", inner, rank)
        draft.constant(f"{block}.ssm_dt.bias", inner, value=-1.0)
        decay = -np.tile(np.arange(1, state + 1, dtype=np.float32), (inner, 1))
        draft.writer.add_tensor(f"{block}.ssm_a", decay)
        draft.constant(f"{block}.ssm_d", inner)
        draft.matrix(f"{block}.ssm_out.weight", WIDTH, inner, 1.5)


def hybrid(draft: Draft) -> None:
    """LFM2: short convolutions with a state, attention with a cache in between."""
    kernel, attends = 3, [False, True, False, True]
    draft.vocabulary = add_bytes(draft.writer, CHATML)
    draft.frame(len(attends))
    draft.writer.add_feed_forward_length(HIDDEN)
    draft.writer.add_head_count(HEADS)
    draft.writer.add_head_count_kv([HEADS * yes for yes in attends])
    draft.writer.add_vocab_size(draft.vocabulary)
    draft.writer.add_shortconv_l_cache(kernel)
    draft.constant("token_embd_norm.weight", WIDTH)
    for layer, yes in enumerate(attends):
        block = f"blk.{layer}"
        draft.constant(f"{block}.attn_norm.weight", WIDTH)
        if yes:
            draft.constant(f"{block}.attn_q_norm.weight", HEAD)
            draft.constant(f"{block}.attn_k_norm.weight", HEAD)
            draft.attention(layer)
        else:
            draft.matrix(f"{block}.shortconv.conv.weight", WIDTH, kernel)
            draft.matrix(f"{block}.shortconv.in_proj.weight", 3 * WIDTH, WIDTH, 1.5)
            draft.matrix(f"{block}.shortconv.out_proj.weight", WIDTH, WIDTH, 1.5)
        draft.feed_forward(layer)


def embedding(draft: Draft) -> None:
    """BERT: turns texts into vectors."""
    draft.vocabulary = add_wordpiece(draft.writer)
    writer = draft.writer
    draft.sizes(layers := 2)
    writer.add_layer_norm_eps(EPSILON)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    draft.matrix("token_embd.weight", draft.vocabulary, WIDTH)
    draft.matrix("position_embd.weight", TRAINED, WIDTH)
    draft.matrix("token_types.weight", 2, WIDTH)
    norms = ["token_embd_norm"]
    for layer in range(layers):
        block = f"blk.{layer}"
        draft.attention(layer)
        draft.matrix(f"{block}.ffn_up.weight", HIDDEN, WIDTH)
        draft.matrix(f"{block}.ffn_down.weight", WIDTH, HIDDEN)
        norms += [f"{block}.attn_output_norm", f"{block}.layer_output_norm"]
    for norm in norms:
        draft.constant(f"{norm}.weight", WIDTH)
        draft.constant(f"{norm}.bias", WIDTH, value=0.0)


def vocabulary(draft: Draft) -> None:
    """Tokens and no weights, as tokenizers are passed around."""
    add_bytes(draft.writer, CHATML)
    draft.sizes(layers=3)
    draft.writer.add_feed_forward_length(HIDDEN)
    draft.writer.add_head_count(HEADS)


KINDS: dict[str, tuple[str, Callable[[Draft], None]]] = {
    "plain": ("llama", plain),
    "bare": ("llama", bare),
    "marked": ("llama", marked),
    "window": ("gemma3", window),
    "untaught": ("gemma3", untaught),
    "recurrent": ("mamba", recurrent),
    "hybrid": ("lfm2", hybrid),
    "embedding": ("bert", embedding),
    "vocabulary": ("llama", vocabulary),
}
"""Name -> architecture in llama.cpp's words, and what fills the file."""


def write(kind: str, folder: Path, weights: str = "F32") -> Path:
    """Write one kind as FOLDER/tiny-KIND.gguf (tiny-KIND-Q8_0.gguf and so on); the path."""
    architecture, fill = KINDS[kind]
    path = folder / f"tiny-{kind}{'' if weights == 'F32' else f'-{weights}'}.gguf"
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(f"Tiny {kind}")
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    fill(Draft(writer, np.random.default_rng(list(kind.encode())), Weights[weights]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("kind", nargs="*", help=f"of {', '.join(KINDS)}; default: all")
    parser.add_argument("--weights", choices=WEIGHTS, default="F32", help="default: F32")
    arguments = parser.parse_args()
    unknown = set(arguments.kind) - KINDS.keys()
    if unknown:
        parser.error(f"unknown kind: {', '.join(sorted(unknown))}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for kind in arguments.kind or KINDS:
        print(write(kind, arguments.folder, arguments.weights))


if __name__ == "__main__":
    main()
