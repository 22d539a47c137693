"""LoRA matrices in memory, as llama.cpp's adapter files hold them. Only numpy and gguf.

Of each weight `w` (outputs, inputs) that is adapted there are `a` (rank, inputs) and `b`
(outputs, rank): what works is `w + alpha / rank * b @ a`, after llama.cpp's llama-adapter.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

from localai.errors import ModelError
from localai.tune import adapter

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
    matrices = {}
    for name, pair in lora.pairs.items():
        owner = name.removesuffix(".weight")
        matrices[f"{owner}.lora_a"], matrices[f"{owner}.lora_b"] = pair.a.T, pair.b.T
    adapter.write(path, architecture, matrices, lambda name: name, rank=lora.rank, scale=lora.scale)


def paired(halves: dict[str, Matrix], a: str, b: str) -> dict[str, Pair]:
    """Matrices by what their names have in common. Raises ModelError when one has no partner."""
    names = {name.removesuffix(a).removesuffix(b) for name in halves}
    for name in names:
        if lonely := {name + a, name + b} - halves.keys():
            raise ModelError(f"The adapter is not complete: {min(lonely)} is missing.")
    return {name: Pair(halves[name + a], halves[name + b]) for name in sorted(names)}


def _scale(alpha: float, rank: int) -> float:
    """As llama.cpp has it: an alpha of 0 is none."""
    return alpha / rank if alpha else 1.0
