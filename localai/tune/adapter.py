"""A trained adapter as a GGUF file that llama.cpp loads, and its manifest.

Format: llama.cpp's LoRA adapters (general.type "adapter", adapter.type "lora"): for each
weight `NAME`, `NAME.lora_a` of shape (rank, inputs) and `NAME.lora_b` (outputs, rank);
the output is scaled by alpha / rank. Rows of q and k are as the base file has them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from gguf import GGUFReader, GGUFWriter

from localai import digest
from localai.engine.adapter import MANIFEST
from localai.errors import ModelError
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


def settle(temporary: Path, path: Path) -> None:
    """Give a finished file its name, so that it is whole on disk or not there at all."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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


class Manifest(msgspec.Struct, frozen=True):
    """Where an adapter comes from. Hashes are sha256 hex: `base` of the model's file,
    `template` of its chat template, `sha256` of the adapter's file. `corrections` are the
    ids of what it learned from, `replay` counts the replayed answers; `options` how it was
    trained (the seed with them), `verdict` every number of the gate and of parity."""

    base: str
    base_name: str
    template: str
    sha256: str
    run: str
    corrections: tuple[str, ...]
    replay: int
    options: dict[str, Any]
    verdict: dict[str, Any]
    version: str
    created: float


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Keep the manifest beside the adapter."""
    temporary = folder / f"{MANIFEST}.tmp"
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    settle(temporary, folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """What lies beside the adapter in the folder. Raises ModelError."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelError(
            f"The adapter {folder / ADAPTER} has no readable manifest; tune again."
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
