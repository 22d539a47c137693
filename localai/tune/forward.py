"""The forward pass of a packed step, through the modules of an mlx-lm model.

Our own, because examples that share a line must not see each other, and because on a CPU
half of a step went into softmax and SiLU (see `kernels`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.models import gemma3_text
from mlx_lm.tuner.lora import LoRALinear

from localai.tune.kernels import Attend, attention, gelu_gated, on_cpu, silu_gated

Attending = Callable[[int], Attend]
"""Attention that sees so many positions, the one that looks included; 0: all before it."""


def hidden(model: Any, ids: mx.array, segments: mx.array) -> mx.array:
    """Last hidden states (length, width) of packed examples, `ids` and `segments`
    (length,); a position sees those before it in its own segment."""
    attend, states = attending(segments), embedded(model, ids)
    for layer in model.layers:
        states = through(layer, states, attend)
    return model.model.norm(states)


def embedded(model: Any, ids: mx.array) -> mx.array:
    """The tokens as the first layer reads them: (length, width)."""
    states = model.model.embed_tokens(ids).astype(mx.float32)
    gemma = isinstance(model, gemma3_text.Model)
    return states * model.args.hidden_size**0.5 if gemma else states


def attending(segments: mx.array) -> Attending:
    """Attention of packed examples, each to itself."""
    make = _attend_apart if on_cpu() else _attend_masked
    return cache(lambda window: make(segments, window))


def through(layer: Any, states: mx.array, attend: Attending) -> mx.array:
    """The hidden states after one layer."""
    if isinstance(layer, gemma3_text.TransformerBlock):
        found = _attention(layer.self_attn, layer.input_layernorm(states), attend)
        states = states + layer.post_attention_layernorm(found)
        found = _mlp(layer.mlp, layer.pre_feedforward_layernorm(states), gelu_gated)
        return states + layer.post_feedforward_layernorm(found)
    states = states + _attention(layer.self_attn, layer.input_layernorm(states), attend)
    return states + _mlp(layer.mlp, layer.post_attention_layernorm(states), silu_gated)


def logits(model: Any, states: mx.array) -> mx.array:
    """Logits (rows, vocabulary) in float32 of hidden states (rows, width)."""
    if hasattr(model, "lm_head"):
        found = model.lm_head(_narrowed(model.lm_head, states))
    else:
        table = model.model.embed_tokens
        found = table.as_linear(_narrowed(table, states))
    return found.astype(mx.float32)


def _attention(module: Any, x: mx.array, attend: Attending) -> mx.array:
    def heads(layer: Any, count: int) -> mx.array:
        return _linear(layer, x).reshape(len(x), count, -1).swapaxes(0, 1)[None]

    queries, keys = heads(module.q_proj, module.n_heads), heads(module.k_proj, module.n_kv_heads)
    if "q_norm" in module:
        queries, keys = module.q_norm(queries), module.k_norm(keys)
    values = heads(module.v_proj, module.n_kv_heads)
    see = attend(getattr(module, "window", 0))
    found = see(module.rope(queries) * module.scale, module.rope(keys), values)
    return _linear(module.o_proj, found[0].swapaxes(0, 1).reshape(len(x), -1))


def _attend_masked(segments: mx.array, window: int) -> Attend:
    """All examples at once, with MLX's own attention."""
    places = mx.arange(len(segments))
    back = places[:, None] - places
    mask = (segments[:, None] == segments) & (back >= 0)
    if window:
        mask = mask & (back < window)

    def attend(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        return mx.fast.scaled_dot_product_attention(queries, keys, values, scale=1.0, mask=mask)

    return attend


def _attend_apart(segments: mx.array, window: int) -> Attend:
    """One example after the other: attention costs the square of their lengths."""
    borders = (np.flatnonzero(np.diff(np.array(segments))) + 1).tolist()
    return attention([slice(*ends) for ends in pairwise((0, *borders, len(segments)))], window)


def _mlp(mlp: Any, x: mx.array, gated: Callable[[mx.array, mx.array], mx.array]) -> mx.array:
    return _linear(mlp.down_proj, gated(_linear(mlp.gate_proj, x), _linear(mlp.up_proj, x)))


def _linear(layer: Any, x: mx.array) -> mx.array:
    """A linear layer, with its matrices where it is trained: added within the product."""
    if not isinstance(layer, LoRALinear):
        return layer(_narrowed(layer, x)).astype(x.dtype)
    inner = (layer.scale * (x @ layer.lora_a)).astype(x.dtype)
    return mx.addmm(_linear(layer.linear, x), inner, layer.lora_b.astype(x.dtype))


def _narrowed(layer: Any, x: mx.array) -> mx.array:
    """As narrow as the layer's weights where those are bfloat16: MLX would widen the weights
    instead, and keep them for the gradient."""
    return x.astype(mx.bfloat16) if layer.weight.dtype == mx.bfloat16 else x
