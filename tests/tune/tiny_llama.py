"""Tiny llama models as real files have them, and as they must not be: shared key heads, tied
embeddings, rotation factors, tensors too many or too few. And both engines' view of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import mlx.core as mx
import numpy as np
from gguf import GGMLQuantizationType as Weights

from localai.engine.base import LoadOptions
from localai.engine.llama import Llama
from localai.engine.llama_adapter import LlamaAdapter
from localai.tune import forward, weights
from scripts.tiny_models import HEAD, HEADS, Draft, plain

Array = np.ndarray[Any, Any]


@dataclass
class Variant(Draft):
    """Leaves out the tensor `without`; `sharing` query heads share a key head."""

    without: str = ""
    sharing: int = 1

    def matrix(self, name: str, outputs: int, inputs: int, scale: float = 1.0) -> None:
        if name != self.without:
            shared = self.sharing if "attn_k" in name or "attn_v" in name else 1
            super().matrix(name, outputs // shared, inputs, scale)


def write_llama(
    path: Path,
    *,
    weights: str = "F32",
    sharing: int = 1,
    without: str = "",
    extra: str = "",
    factors: Sequence[float] = (),
    scaling: str = "",
    rotated: int = 0,
) -> Path:
    """Write one; `extra` names a tensor that nobody knows, `factors` divide the rotation
    frequencies, `scaling` stretches positions, `rotated` dimensions of a head are turned."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Tiny llama")
    draft = Variant(writer, np.random.default_rng(7), Weights[weights], 0, without, sharing)
    plain(draft)
    writer.add_head_count_kv(HEADS // sharing)
    if factors:
        assert len(factors) == HEAD // 2
        writer.add_tensor("rope_freqs.weight", np.array(factors, np.float32))
    if extra:
        draft.constant(extra, HEAD)
    if scaling:
        writer.add_rope_scaling_type(gguf.RopeScalingType(scaling))
    if rotated:
        writer.kv_data[0].pop("llama.rope.dimension_count")
        writer.add_rope_dimension_count(rotated)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def ids(count: int, seed: int = 1) -> Array:
    """Tokens of the tiny vocabulary, int32."""
    return np.random.default_rng(seed).integers(0, 256, count).astype(np.int32)


def llama_logits(path: Path, tokens: Array, adapter: Path | None = None) -> Array:
    """What llama.cpp makes of them, by an adapter's file if there is one: shape (positions,
    vocabulary)."""
    size = len(tokens) + 1
    options = LoadOptions(str(path), size, n_gpu_layers=0, n_batch=512, n_outputs=size)
    llama = Llama.open(options)
    try:
        if adapter is not None:
            llama.attach(LlamaAdapter(llama.model, adapter, "s"))
        llama.decode([(int(id), at, 0, True) for at, id in enumerate(tokens)])
        return np.stack([llama.logits(at).copy() for at in range(len(tokens))])
    finally:
        llama.close()


def mlx_logits(path: Path, tokens: Array, *, quantized: bool) -> Array:
    """What MLX makes of them, likewise."""
    model, _ = weights.load(path, quantized=quantized)
    return logits(model, tokens)


def logits(model: Any, *texts: Array) -> Array:
    """What a model in MLX makes of texts that are packed."""
    read = mx.array(np.concatenate(texts))
    segments = mx.array(np.repeat(np.arange(len(texts)), [len(text) for text in texts]))
    return np.array(forward.logits(model, forward.hidden(model, read, segments)))


def divergence(expected: Array, found: Array) -> float:
    """Mean over positions of KL(expected, found), in nats."""
    one, other = _logprobs(expected), _logprobs(found)
    return float((np.exp(one) * (one - other)).sum(axis=-1).mean())


def _logprobs(logits: Array) -> Array:
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
