"""LoRA matrices in memory and in llama.cpp's adapter files. Only numpy and gguf.

Of each weight `w` (outputs, inputs) that is adapted there are `a` (rank, inputs) and `b`
(outputs, rank): what works is `w + alpha / rank * b @ a`, after llama.cpp's llama-adapter.
In a file (general.type "adapter", adapter.type "lora") they are `NAME.lora_a` and
`NAME.lora_b`, with the rows of q and k as the base file has them.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from gguf import GGUFReader, GGUFWriter
from gguf.quants import dequantize

from localai.errors import ModelError

Matrix = np.ndarray[Any, np.dtype[np.float32]]


class Pair(NamedTuple):
    """`a` (rank, inputs) and `b` (outputs, rank)."""

    a: Matrix
    b: Matrix


class Lora(NamedTuple):
    """`pairs` by the name of the weight's tensor in the model's file."""

    alpha: float
    pairs: dict[str, Pair]

    @property
    def rank(self) -> int:
        """The rank of all pairs. Raises ModelError when they have several."""
        ranks = {pair.a.shape[0] for pair in self.pairs.values()}
        if len(ranks) != 1:
            raise ModelError(
                "The adapter's matrices are of several ranks, which this format cannot say; "
                "export it as gguf-lora."
            )
        return int(ranks.pop())

    @property
    def scale(self) -> float:
        """What all products are multiplied by."""
        return _scale(self.alpha, self.rank)

    def change(self, name: str) -> Matrix:
        """What is added to a weight: shape (outputs, inputs)."""
        pair = self.pairs[name]
        return np.asarray(pair.b @ pair.a * np.float32(_scale(self.alpha, pair.a.shape[0])))


def read(path: Path) -> Lora:
    """What an adapter file holds. Raises ModelError for half a pair, for none, and for what is no
    plain LoRA."""
    reader = GGUFReader(path)
    if any(key.startswith("adapter.alora.") for key in reader.fields):
        raise ModelError(
            f"The adapter {path} works from certain words on alone (activated LoRA), which cannot "
            "be done here; choose another file."
        )
    alpha = reader.get_field("adapter.lora.alpha")
    halves = {
        tensor.name: dequantize(np.asarray(tensor.data), tensor.tensor_type)
        for tensor in reader.tensors
    }
    if not halves:
        raise ModelError(f"The adapter {path} holds nothing; choose another file.")
    return Lora(float(alpha.contents()) if alpha else 0.0, paired(halves, ".lora_a", ".lora_b"))


def write(path: Path, architecture: str, lora: Lora) -> None:
    """Write them as an adapter file."""
    writer = GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", lora.alpha)
    for name, pair in sorted(lora.pairs.items()):
        for part, matrix in zip(("lora_a", "lora_b"), pair, strict=True):
            writer.add_tensor(f"{name}.{part}", np.ascontiguousarray(matrix, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def paired(halves: dict[str, Matrix], a: str, b: str) -> dict[str, Pair]:
    """Matrices by what their names have in common. Raises ModelError when one has no partner."""
    names = {name.removesuffix(a).removesuffix(b) for name in halves}
    for name in names:
        if lonely := {name + a, name + b} - halves.keys():
            raise ModelError(f"The adapter is not complete: {min(lonely)} is missing.")
    return {name: Pair(halves[name + a], halves[name + b]) for name in sorted(names)}


def size(lora: Lora, name: str) -> float:
    """How large the change of a weight is: the root of the sum of its squares (the Frobenius
    norm), without computing it out."""
    a, b = (np.asarray(each, np.float64) for each in lora.pairs[name])
    squared = float(np.sum((b.T @ b) * (a @ a.T)))
    return _scale(lora.alpha, a.shape[0]) * math.sqrt(max(0.0, squared))


def _scale(alpha: float, rank: int) -> float:
    """As llama.cpp has it: an alpha of 0 is none."""
    return alpha / rank if alpha else 1.0
