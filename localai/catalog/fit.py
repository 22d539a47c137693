"""How much memory a model needs at least. Pure arithmetic over a header.

An estimate from below: weights, the KV cache in float16, a little for the graph. What the
accelerator's buffers and the program itself take comes on top.
"""

from __future__ import annotations

import msgspec

from localai.catalog.gguf import GgufHeader

DEFAULT_CONTEXT = 8192
"""Tokens; the longest window that is taken without asking."""
GRAPH = 64_000_000
"""Bytes that even a tiny model's compute buffers take."""


class Fit(msgspec.Struct, frozen=True):
    """Bytes. The weights are mapped from the file, the rest is taken for good."""

    weights: int
    cache: int
    graph: int = GRAPH

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.cache + self.graph


def fit(header: GgufHeader, n_ctx: int = 0) -> Fit:
    """The need of a model with a window of `n_ctx` tokens (0: the default window)."""
    window = n_ctx or min(header.context_length or DEFAULT_CONTEXT, DEFAULT_CONTEXT)
    if header.sliding_window:
        window = min(window, header.sliding_window)
    return Fit(weights=header.expected_bytes, cache=2 * window * _cache_width(header))


def _cache_width(header: GgufHeader) -> int:
    """Float16 values that each token of the window leaves in the cache, over all layers.

    Layers without KV heads (recurrent ones) keep nothing that grows; models with a
    compressed cache (`kv_lora_rank`) keep the compressed row and the rotary part.
    """
    if header.kv_lora_rank:
        return header.block_count * (header.kv_lora_rank + header.rope_dimensions)
    if not header.head_count:
        return 0
    head = header.embedding_length // header.head_count
    row = (header.key_length or head) + (header.value_length or head)
    heads = header.kv_heads
    total = sum(heads) if len(heads) > 1 else header.block_count * (heads[0] if heads else 0)
    return total * row
