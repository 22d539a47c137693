"""The forward pass of a packed step, through the modules of an mlx-lm llama model.

Our own, because examples that share a line must not see each other, and because on a CPU
half of a step went into softmax and SiLU (see `kernels`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.tuner.lora import LoRALinear

from localai.tune.kernels import Attend, attention, gated, on_cpu


def hidden(model: Any, ids: mx.array, segments: mx.array) -> mx.array:
    """Last hidden states (length, width) of packed examples, `ids` and `segments`
    (length,); a position sees those before it in its own segment."""
    attend, states = attending(segments), model.model.embed_tokens(ids)
    for layer in model.layers:
        states = through(layer, states, attend)
    return model.model.norm(states)


def attending(segments: mx.array) -> Attend:
    """Attention of packed examples, each to itself."""
    return _attend_apart(segments) if on_cpu() else _attend_masked(segments)


def through(layer: Any, states: mx.array, attend: Attend) -> mx.array:
    """The hidden states after one layer."""
    states = states + _attention(layer.self_attn, layer.input_layernorm(states), attend)
    return states + _mlp(layer.mlp, layer.post_attention_layernorm(states))


def logits(model: Any, states: mx.array) -> mx.array:
    """Logits (rows, vocabulary) in float32 of hidden states (rows, width)."""
    tied = model.args.tie_word_embeddings
    found = model.model.embed_tokens.as_linear(states) if tied else model.lm_head(states)
    return found.astype(mx.float32)


def _attention(module: Any, x: mx.array, attend: Attend) -> mx.array:
    def heads(layer: Any, count: int) -> mx.array:
        return _linear(layer, x).reshape(len(x), count, -1).swapaxes(0, 1)[None]

    queries = module.rope(heads(module.q_proj, module.n_heads))
    keys = module.rope(heads(module.k_proj, module.n_kv_heads))
    values = heads(module.v_proj, module.n_kv_heads)
    found = attend(queries * module.scale, keys, values)
    return _linear(module.o_proj, found[0].swapaxes(0, 1).reshape(len(x), -1))


def _attend_masked(segments: mx.array) -> Attend:
    """All examples at once, with MLX's own attention."""
    places = mx.arange(len(segments))
    mask = (segments[:, None] == segments) & (places[:, None] >= places)

    def attend(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        return mx.fast.scaled_dot_product_attention(queries, keys, values, scale=1.0, mask=mask)

    return attend


def _attend_apart(segments: mx.array) -> Attend:
    """One example after the other: attention costs the square of their lengths."""
    borders = (np.flatnonzero(np.diff(np.array(segments))) + 1).tolist()
    return attention([slice(*ends) for ends in pairwise((0, *borders, len(segments)))])


def _mlp(mlp: Any, x: mx.array) -> mx.array:
    return _linear(mlp.down_proj, gated(_linear(mlp.gate_proj, x), _linear(mlp.up_proj, x)))


def _linear(layer: Any, x: mx.array) -> mx.array:
    """A linear layer, with its matrices where it is trained: added within the product."""
    if not isinstance(layer, LoRALinear):
        return layer(x)
    inner = (layer.scale * (x @ layer.lora_a)).astype(x.dtype)
    return mx.addmm(layer.linear(x), inner, layer.lora_b.astype(x.dtype))
