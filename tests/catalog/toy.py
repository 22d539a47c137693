"""Toy GGUF files, written byte by byte from the specification so that each byte can be wrong."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ALIGNMENT = 32
TINY: dict[str, Any] = {
    "general.architecture": "llama",
    "general.name": "Toy",
    "general.file_type": 1,
    "llama.context_length": 128,
    "llama.block_count": 2,
    "llama.embedding_length": 8,
    "llama.attention.head_count": 2,
    "llama.attention.head_count_kv": 1,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": ["a", "b", "<|end|>"],
    "tokenizer.chat_template": "{{ messages[0].content }}",
}
TENSORS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("token_embd.weight", (8, 3)),
    ("blk.0.attn_q.weight", (8, 8)),
    ("output_norm.weight", (8,)),
)


def text(value: str) -> bytes:
    """A GGUF string."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def value(item: Any) -> bytes:
    """A typed GGUF value: str, bool, float, int, or a list of one of them."""
    if isinstance(item, str):
        return struct.pack("<I", 8) + text(item)
    if isinstance(item, bool):
        return struct.pack("<I?", 7, item)
    if isinstance(item, float):
        return struct.pack("<If", 6, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    first = value(item[0])
    body = b"".join(value(each)[4:] for each in item)
    return struct.pack("<I", 9) + first[:4] + struct.pack("<Q", len(item)) + body


def gguf(
    metadata: Mapping[str, Any] = TINY,
    tensors: Sequence[tuple[str, tuple[int, ...]]] = TENSORS,
    *,
    version: int = 3,
) -> bytes:
    """A whole file with float16 tensors of zeros."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    head += b"".join(text(key) + value(item) for key, item in metadata.items())
    data = b""
    for name, shape in tensors:
        data += bytes(-len(data) % ALIGNMENT)
        head += text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        head += struct.pack("<IQ", 1, len(data))
        size = 2
        for dimension in shape:
            size *= dimension
        data += bytes(size)
    return head + bytes(-len(head) % ALIGNMENT) + data


def write(path: Path, metadata: Mapping[str, Any] | None = None, **changes: Any) -> Path:
    """A toy file at `path`; `changes`, with "__" for dots, come before the rest of TINY."""
    keys = {key.replace("__", "."): item for key, item in changes.items()}
    base = TINY if metadata is None else metadata
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gguf({**keys, **{key: base[key] for key in base if key not in keys}}))
    return path
