"""The sizes in a GGUF file's metadata that are kept under its architecture's own name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

VOCABULARY = "tokenizer.ggml.tokens"


class Recurrence(msgspec.Struct, frozen=True):
    """What gives recurrent layers their state; all 0 in a model without any.

    Mamba and its kin: `inner`, `state`, `groups`, `kernel`. RWKV: `head`, `shift`. Short
    convolutions (LFM2): `short`.
    """

    inner: int = 0
    state: int = 0
    groups: int = 0
    kernel: int = 0
    head: int = 0
    shift: int = 0
    short: int = 0

    def values(self, embedding: int) -> int:
        """Numbers in the state of one layer."""
        if self.head:
            return embedding * (self.head + (self.shift or 2))
        if self.short:
            return embedding * (self.short - 1)
        convolved = max(0, self.kernel - 1) * (self.inner + 2 * self.groups * self.state)
        return convolved + self.state * self.inner


def sizes(metadata: Mapping[str, Any], architecture: str) -> dict[str, Any]:
    """The fields of a `GgufHeader` that say how large the model is."""

    def value(key: str) -> Any:
        return metadata.get(f"{architecture}.{key}")

    heads = per_layer(value("attention.head_count"))
    pooling, causal = value("pooling_type"), value("attention.causal")
    return {
        "context_length": count(value("context_length")),
        "block_count": count(value("block_count")),
        "embedding_length": count(value("embedding_length")),
        "head_count": max(heads, default=0),
        "kv_heads": per_layer(value("attention.head_count_kv")) or heads,
        "key_length": count(value("attention.key_length")),
        "value_length": count(value("attention.value_length")),
        "kv_lora_rank": count(value("attention.kv_lora_rank")),
        "rope_dimensions": count(value("rope.dimension_count")),
        "sliding_window": count(value("attention.sliding_window")),
        "pooling": pooling if is_count(pooling) else None,
        "causal": causal if isinstance(causal, bool) else None,
        "vocabulary": count(metadata.get(VOCABULARY)),
        "feed_forward": max(per_layer(value("feed_forward_length")), default=0),
        "experts": count(value("expert_used_count")),
        "expert_feed_forward": count(value("expert_feed_forward_length")),
        "attention_interval": count(value("full_attention_interval")),
        "shared_kv_layers": count(value("attention.shared_kv_layers")),
        "compressed_kv": bool(count(value("attention.key_length_mla"))),
        "recurrence": Recurrence(
            inner=count(value("ssm.inner_size")),
            state=count(value("ssm.state_size")),
            groups=count(value("ssm.group_count")),
            kernel=count(value("ssm.conv_kernel")),
            head=count(value("wkv.head_size")),
            shift=count(value("token_shift_count")),
            short=count(value("shortconv.l_cache")),
        ),
    }


def per_layer(value: Any) -> tuple[int, ...]:
    """One count, or one for each layer; empty when the file is silent."""
    values = value if isinstance(value, tuple) else (value,)
    return tuple(values) if all(is_count(each) for each in values) else ()


def count(value: Any, silent: int = 0) -> int:
    """A count, or `silent` for anything else."""
    return value if is_count(value) else silent


def is_count(value: Any) -> bool:
    """Whether a value is a whole number that is not negative."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
