"""The forward pass of a packed step, through the modules of an mlx-lm model.

Our own, because examples that share a line must not see each other, and because on a CPU
half of a step went into softmax and SiLU (see `kernels`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from mlx_lm.models import gemma3_text
from mlx_lm.tuner.lora import LoRALinear

from localai.tune.kernels import NO_HEAD, Attend, Part, attention, gelu_gated, on_cpu, silu_gated


class Sight(NamedTuple):
    """Attention, and what turns queries and keys (1, heads, length, width) by their positions,
    given the layer's rotary embedding."""

    attend: Attend
    turned: Callable[[Any, mx.array], mx.array]


Attending = Callable[[int], Sight]
"""Attention that sees so many positions, the one that looks included; 0: all before it."""


def hidden(model: Any, ids: mx.array, segments: mx.array) -> mx.array:
    """Last hidden states (length, width) of packed examples, `ids` (length,) and `segments`;
    a position sees those before it in its own segment. On a CPU `segments` may be (2, length):
    the segment, and the one that it goes on from, whose positions it sees, too (-1: none)."""
    attend, states = attending(segments), embedded(model, ids)
    for layer in model.layers:
        for half in halves(layer, attend):
            states = half.added(states, half.found(*half.inner(states)))
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


class Half(NamedTuple):
    """Half a layer, attention or MLP. To the hidden states x it adds
    `after(out(mix(*(each(before(x)) for each in read))))`: `read` and `out` name linear layers of
    `module`, which is `name` in its layer; `after` is None where nothing is done."""

    name: str
    module: Any
    before: Callable[[mx.array], mx.array]
    read: tuple[str, ...]
    mix: Callable[..., mx.array]
    out: str
    after: Callable[[mx.array], mx.array] | None = None

    def inner(self, x: mx.array) -> list[mx.array]:
        """What is mixed: queries, keys and values, or gate and up."""
        x = self.before(x)
        return [_linear(self.module[name], x) for name in self.read]

    def found(self, *inner: mx.array) -> mx.array:
        """What comes of it."""
        return _linear(self.module[self.out], self.mix(*inner))

    def added(self, x: mx.array, found: mx.array) -> mx.array:
        """The hidden states with it."""
        return x + (self.after(found) if self.after else found)


def halves(layer: Any, attend: Attending) -> tuple[Half, Half]:
    """A layer's attention and its MLP."""
    mix = partial(_attention, layer.self_attn, attend(getattr(layer.self_attn, "window", 0)))
    read, gated = ("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj")
    seeing = Half("self_attn", layer.self_attn, layer.input_layernorm, read, mix, "o_proj")
    mlp = Half("mlp", layer.mlp, layer.post_attention_layernorm, gated, silu_gated, "down_proj")
    if not isinstance(layer, gemma3_text.TransformerBlock):
        return seeing, mlp
    return seeing._replace(after=layer.post_attention_layernorm), mlp._replace(
        before=layer.pre_feedforward_layernorm,
        mix=gelu_gated,
        after=layer.post_feedforward_layernorm,
    )


def logits(model: Any, states: mx.array) -> mx.array:
    """Logits (rows, vocabulary) in float32 of hidden states (rows, width)."""
    if hasattr(model, "lm_head"):
        found = model.lm_head(_narrowed(model.lm_head, states))
    else:
        table = model.model.embed_tokens
        found = table.as_linear(_narrowed(table, states))
    return found.astype(mx.float32)


def _attention(
    module: Any, see: Sight, queries: mx.array, keys: mx.array, values: mx.array
) -> mx.array:
    def heads(x: mx.array, count: int) -> mx.array:
        return x.reshape(len(x), count, -1).swapaxes(0, 1)[None]

    queries, keys = heads(queries, module.n_heads), heads(keys, module.n_kv_heads)
    if "q_norm" in module:
        queries, keys = module.q_norm(queries), module.k_norm(keys)
    values = heads(values, module.n_kv_heads)
    turned = [see.turned(module.rope, each) for each in (queries, keys)]
    found = see.attend(turned[0] * module.scale, turned[1], values)
    return found[0].swapaxes(0, 1).reshape(found.shape[2], -1)


def _in_line(rope: Any, x: mx.array) -> mx.array:
    """By where they are in the line: what counts is how far apart two are."""
    return rope(x)


def _attend_masked(segments: mx.array, window: int) -> Sight:
    """All examples at once, with MLX's own attention."""
    places = mx.arange(len(segments))
    back = places[:, None] - places
    mask = (segments[:, None] == segments) & (back >= 0)
    if window:
        mask = mask & (back < window)

    def attend(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        return mx.fast.scaled_dot_product_attention(queries, keys, values, scale=1.0, mask=mask)

    return Sight(attend, _in_line)


def _attend_apart(segments: mx.array, window: int) -> Sight:
    """One example after the other: attention costs the square of their lengths."""
    own, after = np.array(segments) if segments.ndim > 1 else (np.array(segments), None)
    borders = (np.flatnonzero(np.diff(own)) + 1).tolist()
    places = [slice(*ends) for ends in pairwise((0, *borders, len(own)))]
    if after is None:
        return Sight(attention([Part(place) for place in places], window), _in_line)
    found = {int(own[place.start]): place for place in places} | {-1: NO_HEAD}
    parts = [Part(place, found[int(after[place.start])]) for place in places]

    def turned(rope: Any, x: mx.array) -> mx.array:
        split = mx.split(x, borders, axis=2)
        each = zip(parts, split, strict=True)
        return mx.concatenate([rope(x, offset=part.offset) for part, x in each], axis=2)

    return Sight(attention(parts, window), turned)


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
