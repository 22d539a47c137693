"""A trained adapter as a GGUF file that llama.cpp loads.

Format: llama.cpp's LoRA adapters (general.type "adapter", adapter.type "lora"): for each
weight `NAME`, `NAME.lora_a` of shape (rank, inputs) and `NAME.lora_b` (outputs, rank);
the output is scaled by alpha / rank. Rows of q and k are as the base file has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, GGUFWriter

from localai import digest
from localai.errors import ModelError
from localai.tune.manifest import read_manifest
from localai.tune.plan import ADAPTER

Matrix = np.ndarray[Any, np.dtype[np.float32]]


def write(
    path: Path,
    architecture: str,
    matrices: Mapping[str, Matrix],
    name: Callable[[str], str],
    *,
    rank: int,
    scale: float,
) -> None:
    """Write the matrices of `sft.matrices`: a (inputs, rank), b (rank, outputs).

    `name` maps a weight's path in the model to its name in the base file.
    """
    writer = GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", scale * rank)
    for key in sorted(matrices):
        owner, _, part = key.rpartition(".")
        writer.add_tensor(
            f"{name(f'{owner}.weight')}.{part}",
            np.ascontiguousarray(matrices[key].T, dtype=np.float32),
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def check(path: Path) -> None:
    """Raise ModelError, saying why, unless the file is an adapter of finite numbers.

    For files that were written here: a header of random bytes may ask the reader for any
    amount of memory.
    """
    try:
        reader = GGUFReader(path)
        kind = reader.get_field("general.type")
        if kind is None or kind.contents() != "adapter" or not reader.tensors:
            raise ValueError("it is no adapter")
        for tensor in reader.tensors:
            if not np.isfinite(tensor.data).all():
                raise ValueError(f"{tensor.name} holds numbers that are not finite")
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise ModelError(
            f"The adapter {path} is not usable ({error}); tune again, or go back with "
            "`localai tune rollback`."
        ) from error


def verify(folder: Path, base: str, sha256: str) -> None:
    """Raise ModelError unless the folder holds the adapter with that hash, made for `base`."""
    path, manifest = folder / ADAPTER, read_manifest(folder)
    try:
        found = digest.sha256(path)
    except OSError as error:
        raise ModelError(f"The adapter {path} cannot be read; tune again.") from error
    if (found, manifest.sha256, manifest.base) != (sha256, sha256, base):
        raise ModelError(
            f"The adapter {path} is not the one that was recorded; tune again, or go back "
            "with `localai tune rollback`."
        )
    check(path)
