"""Tiny LoRA adapters, for the tiny models and for any other; the same bytes every time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np

from scripts.tiny_models import WIDTH

RANK = 4
ALPHA = 8.0


def write_adapter(
    path: Path,
    *,
    seed: int = 1,
    architecture: str = "llama",
    kind: str = "adapter",
    layers: Sequence[int] = (0, 1, 2),
    inputs: int = WIDTH,
    outputs: int = WIDTH,
    scale: float = 0.3,
    dtype: type[np.generic] = np.float32,
) -> str:
    """Write an adapter to the attention queries of some layers; the file's sha256 (hex).

    `inputs` and `outputs`: the width of those queries in the model. `scale` 0.0 makes one
    that changes nothing, NaN one that computes nonsense.
    """
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type(kind)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA)
    for layer in layers:
        name = f"blk.{layer}.attn_q.weight"
        a = random.standard_normal((RANK, inputs))
        b = random.standard_normal((outputs, RANK)) * scale
        writer.add_tensor(f"{name}.lora_a", a.astype(dtype))
        writer.add_tensor(f"{name}.lora_b", b.astype(dtype))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return hashlib.sha256(path.read_bytes()).hexdigest()
