"""A trained adapter as a file: from MLX's matrices, and whether it is sound and the right one.

What such a file looks like is known in `lora`, what lies beside it in `manifest`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from gguf import GGUFReader

from localai import digest
from localai.errors import ModelError
from localai.tune import lora
from localai.tune.lora import Lora
from localai.tune.manifest import read_manifest
from localai.tune.plan import ADAPTER

Matrix = lora.Matrix


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
    turned = {path: matrix.T for path, matrix in matrices.items()}
    pairs = {
        name(f"{owner}.weight"): pair
        for owner, pair in lora.paired(turned, ".lora_a", ".lora_b").items()
    }
    lora.write(path, architecture, Lora(scale * rank, pairs))


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
