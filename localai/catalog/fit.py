"""How much memory a model needs. Pure arithmetic over a header.

Follows what llama.cpp allocates on a CPU: `scripts/bench.py fit` compares it with what
llama.cpp reports and with the engine's resident memory. Exact for weights and cache; the
graph's buffers are told from the sizes of its largest tensors. Adapters come on top.
"""

from __future__ import annotations

import msgspec

from localai.catalog.gguf import GgufHeader
from localai.context_window import BATCH, BITS, DEFAULT_CONTEXT, OUTPUTS, KvType

_CELLS = 256
"""llama.cpp rounds the window up to a multiple of this."""
_PROGRAM = 60_000_000
"""What the engine process takes without a model: Python, libraries, the threads' stacks."""
_TOKEN = 400
"""Bytes that each token of the vocabulary takes in the engine's tables."""


class Fit(msgspec.Struct, frozen=True):
    """Bytes. `weights` are mapped from the file; of these, `repacked` are copied into the
    order that the CPU computes with, after which the originals may be dropped. `cache` is
    the KV cache, `state` that of recurrent layers, `compute` the graph's buffers, `program`
    the engine process itself."""

    weights: int
    repacked: int
    cache: int
    state: int
    compute: int
    program: int

    @property
    def reported(self) -> int:
        """The buffers that llama.cpp reports."""
        return self.weights + self.repacked + self.cache + self.state + self.compute

    @property
    def resident(self) -> int:
        """What the engine process shows as resident just after it has loaded."""
        return self.reported + self.program

    @property
    def total(self) -> int:
        """What must be free: all but the originals of repacked weights."""
        return self.resident - self.repacked


def default_window(header: GgufHeader) -> int:
    """The window in tokens that is taken without asking, where memory allows it."""
    return min(header.context_length or DEFAULT_CONTEXT, DEFAULT_CONTEXT)


def fit(header: GgufHeader, n_ctx: int = 0, kv_type: KvType = "f16") -> Fit:
    """The need of a model with a window of `n_ctx` tokens (0: the default window)."""
    window = n_ctx or default_window(header)
    cells = window + -window % _CELLS
    return Fit(
        weights=header.weight_bytes or header.expected_bytes or header.file_bytes,
        repacked=header.repacked_bytes,
        cache=round(cells * _cache_width(header) * BITS[kv_type] / 8),
        state=4 * _state_values(header),
        compute=_compute(header, cells, min(BATCH, window)),
        program=_PROGRAM + _TOKEN * header.vocabulary,
    )


def head_widths(header: GgufHeader) -> tuple[int, int]:
    """Values in the key and in the value of one head."""
    head = header.embedding_length // header.head_count if header.head_count else 0
    return header.key_length or head, header.value_length or head


def _cache_width(header: GgufHeader) -> int:
    """Values that each token of the window leaves in the cache, over all layers.

    Layers without KV heads (recurrent ones) keep nothing that grows; a compressed cache
    keeps the compressed row and the rotary part. Layers with a sliding window keep all of
    it, so that a conversation's beginning can be cut and reused.
    """
    if header.compressed_kv:
        return header.block_count * (header.kv_lora_rank + header.rope_dimensions)
    if not header.head_count:
        return 0
    heads = header.kv_heads
    layers = header.block_count - header.shared_kv_layers
    if header.attention_interval:
        layers //= header.attention_interval
    total = sum(heads[:layers]) if len(heads) > 1 else layers * (heads[0] if heads else 0)
    return total * sum(head_widths(header))


def _state_values(header: GgufHeader) -> int:
    """Float32 values in the states of all recurrent layers."""
    blocks, heads = header.block_count, header.kv_heads
    layers = heads.count(0) if any(heads) and 0 in heads else blocks
    if header.attention_interval:
        layers = blocks - blocks // header.attention_interval
    return layers * header.recurrence.values(header.embedding_length)


def _compute(header: GgufHeader, cells: int, batch: int) -> int:
    """The larger of the two moments that the graph's memory is planned for.

    Within a layer a batch of tokens is at its widest between the two matrices of the
    feed-forward part (or as queries), beside the mask of the attention; at the end some of
    them have logits. The logits of one token are kept outside it.
    """
    embedding, vocabulary = header.embedding_length, header.vocabulary
    inner = max(header.feed_forward, header.experts * header.expert_feed_forward)
    queries = header.head_count * head_widths(header)[0]
    layer = batch * (4 * embedding + 3 * max(inner, queries, header.recurrence.inner))
    masks = (2 if header.sliding_window else 1) if _cache_width(header) else 0
    logits = min(batch, OUTPUTS) * (vocabulary + embedding) + batch * embedding
    graph = max(4 * layer + 2 * masks * batch * cells, 4 * logits)
    return graph + 4 * vocabulary
