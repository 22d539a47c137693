"""The forward pass of a packed step, through the modules of an mlx-lm llama model.

Our own, because examples that share a line must not see each other, and because MLX takes
12 ns for an exponential on an x86 CPU (its vector code is for ARM): half of a step went
into softmax and SiLU. There both are made of exponentials of our own; a GPU uses MLX's.
"""

from __future__ import annotations

import math
from typing import Any

import mlx.core as mx
from mlx import nn

_POLYNOMIAL = (1.3333558e-3, 9.6181291e-3, 5.5504109e-2, 0.24022651, 0.69314718, 1.0)
"""2**f on [-0.5, 0.5], highest power first: Taylor's, accurate to 4e-6."""


def hidden(model: Any, ids: mx.array, segments: mx.array) -> mx.array:
    """Last hidden states (lines * length, width) of packed examples, `ids` and `segments`
    (lines, length); a position sees those before it in its own segment."""
    places = mx.arange(ids.shape[1])
    same = segments[:, :, None] == segments[:, None]
    mask = (same & (places[:, None] >= places))[:, None]
    if on_cpu():
        mask = mx.where(mask, 0.0, -1e9)
    states = model.model.embed_tokens(ids)
    for layer in model.layers:
        states = states + _attention(layer.self_attn, layer.input_layernorm(states), mask)
        states = states + _mlp(layer.mlp, layer.post_attention_layernorm(states))
    return model.model.norm(states).reshape(-1, states.shape[-1])


def logits(model: Any, states: mx.array) -> mx.array:
    """Logits (rows, vocabulary) in float32 of hidden states (rows, width)."""
    tied = model.args.tie_word_embeddings
    found = model.model.embed_tokens.as_linear(states) if tied else model.lm_head(states)
    return found.astype(mx.float32)


def log_softmax(found: mx.array) -> mx.array:
    """Log-probabilities over the last axis."""
    if not on_cpu():
        return found - mx.logsumexp(found, axis=-1, keepdims=True)
    below = found - mx.stop_gradient(found.max(axis=-1, keepdims=True))
    return below - mx.log(exp(below).sum(axis=-1, keepdims=True))


@mx.custom_function  # type: ignore[untyped-decorator]
def exp(x: mx.array) -> mx.array:
    """e**x in float32, four times as fast as MLX's on an x86 CPU; 0 for x < -87."""
    power = mx.clip(x, -87.0, 88.0) * (1 / math.log(2))
    whole = mx.floor(power + 0.5)
    part = power - whole
    found = mx.array(_POLYNOMIAL[0])
    for factor in _POLYNOMIAL[1:]:
        found = found * part + factor
    return found * ((whole.astype(mx.int32) + 127) << 23).view(mx.float32)


@exp.vjp  # type: ignore[untyped-decorator]
def _exp_vjp(_: mx.array, cotangent: mx.array, output: mx.array) -> mx.array:
    return cotangent * output


def _attention(attention: Any, x: mx.array, mask: mx.array) -> mx.array:
    lines, length, _ = x.shape

    def heads(each: mx.array, count: int) -> mx.array:
        return each.reshape(lines, length, count, -1).transpose(0, 2, 1, 3)

    queries = attention.rope(heads(attention.q_proj(x), attention.n_heads))
    keys = attention.rope(heads(attention.k_proj(x), attention.n_kv_heads))
    values = heads(attention.v_proj(x), attention.n_kv_heads)
    if on_cpu():
        found = _attend(queries * attention.scale, keys, values, mask)
    else:
        found = mx.fast.scaled_dot_product_attention(
            queries, keys, values, scale=attention.scale, mask=mask
        )
    return attention.o_proj(found.transpose(0, 2, 1, 3).reshape(lines, length, -1))


def _attend(queries: mx.array, keys: mx.array, values: mx.array, mask: mx.array) -> mx.array:
    """Grouped attention: queries (lines, heads, length, width), `mask` is added."""
    lines, count, length, width = queries.shape
    groups = keys.shape[1]
    scores = queries.reshape(lines, groups, -1, width) @ keys.swapaxes(-1, -2)
    scores = scores.reshape(lines, count, length, length) + mask
    weights = exp(scores - mx.stop_gradient(scores.max(axis=-1, keepdims=True)))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    found = weights.reshape(lines, groups, -1, length) @ values
    return found.reshape(lines, count, length, width)


def _mlp(mlp: Any, x: mx.array) -> mx.array:
    gate, up = mlp.gate_proj(x), mlp.up_proj(x)
    return mlp.down_proj(gate / (1 + exp(-gate)) * up if on_cpu() else nn.silu(gate) * up)


def on_cpu() -> bool:
    """Whether MLX computes on the CPU here."""
    return bool(mx.default_device() == mx.cpu)
