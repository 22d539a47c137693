"""A trained adapter as a file: from MLX's matrices, and whether it is sound and the right one.

What such a file looks like is known in `lora`, what lies beside it in `manifest`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from gguf import GGUFReader, ReaderTensor
from gguf.quants import dequantize

from localai import digest
from localai.errors import ModelError
from localai.tune import lora
from localai.tune.lora import Lora
from localai.tune.manifest import read_manifest
from localai.tune.plan import ADAPTER

Matrix = lora.Matrix

LOOKED_AT = 4
"""Changes, the largest ones, whose size is held against that of the weights."""

LOUDEST = 4.0
"""A change may be this many times as large as the weight; what was learned by the starter model
comes to a thirtieth of it."""

OTHER_MODEL = (
    "The adapter {path} was not made for this model ({why}); choose one that was, or tune anew."
)
DROWNED = (
    "The adapter {path} changes {name} by several times what is there, which drowns what "
    "the model knows; tune anew, with a lower tune.learning_rate."
)


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


def check_fits(path: Path, base: Path) -> None:
    """Raise ModelError unless the adapter was made for the model in `base`: for its architecture,
    of pairs for tensors that it has, none of which would be drowned. The files are sound."""
    reader, model = GGUFReader(path), GGUFReader(base)
    found, wanted = (each.get_field("general.architecture") for each in (reader, model))
    if found is None or wanted is None or found.contents() != wanted.contents():
        raise ModelError(OTHER_MODEL.format(path=path, why="it is of another architecture"))
    held = lora.read(path)
    tensors = {tensor.name: tensor for tensor in model.tensors}
    whole = model.get_field("split.count") is None
    for name, pair in held.pairs.items():
        tensor = tensors.get(name)
        if tensor is None and whole:
            raise ModelError(OTHER_MODEL.format(path=path, why=f"that has no tensor {name}"))
        shape = (pair.a.shape[1], pair.b.shape[0])
        if tensor is not None and shape != tuple(map(int, tensor.shape)):
            raise ModelError(OTHER_MODEL.format(path=path, why=f"{name} has another shape"))
    sizes = {name: lora.size(held, name) for name in held.pairs}
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True)[:LOOKED_AT]:
        if name in tensors and 0 < LOUDEST * _size(tensors[name]) < sizes[name]:
            raise ModelError(DROWNED.format(path=path, name=name))


def _size(tensor: ReaderTensor) -> float:
    """The root of the sum of a weight's squares (its Frobenius norm)."""
    weight = dequantize(np.asarray(tensor.data), tensor.tensor_type)
    return float(np.linalg.norm(weight))


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
