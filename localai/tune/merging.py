"""A model's GGUF file with an adapter merged in, as a file that needs no adapter.

Metadata and all other tensors are copied byte for byte. One tensor at a time is in memory.
A merged tensor keeps its type where `gguf.quants` can write it and becomes F16 otherwise;
rounding it again loses the finest of what was learned.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFReader, ReaderTensor
from gguf.quants import dequantize, quantize

from localai.errors import ModelError
from localai.tune.lora import Lora

KEPT = (Kind.F32, Kind.F16, Kind.BF16, Kind.Q4_0, Kind.Q4_1, Kind.Q5_0, Kind.Q5_1, Kind.Q8_0)
"""The types that merged tensors can be written in."""

Data = np.ndarray[Any, np.dtype[Any]]
Tell = Callable[[int, int], object]


def write(path: Path, base: GGUFReader, lora: Lora, tell: Tell) -> None:
    """Write the file; `tell` hears how many bytes of how many are there. Raises OSError, or
    ModelError when a weight cannot be merged.

    The adapter must fit (`published.check`).
    """
    align = int(base.alignment)
    kinds = {each.name: _kind(each, lora) for each in base.tensors}
    sizes = [_size(each, kinds[each.name]) for each in base.tensors]
    total = sum(sizes)
    with path.open("xb") as file:
        file.write(_header(base, kinds, sizes, align))
        done = 0
        for tensor, size in zip(base.tensors, sizes, strict=True):
            data = merged(tensor, lora) if tensor.name in lora.pairs else np.asarray(tensor.data)
            file.write(np.ascontiguousarray(data).data)
            file.write(bytes(-size % align))
            tell(done := done + size, total)


def merged(tensor: ReaderTensor, lora: Lora) -> Data:
    """A tensor with the adapter's change, in its new type. Raises ModelError for a type that
    cannot be read."""
    try:
        plain = dequantize(np.asarray(tensor.data), tensor.tensor_type)
    except NotImplementedError as error:
        raise ModelError(
            f"Nothing can be merged into weights of the type {tensor.tensor_type.name} "
            f"({tensor.name}); export the adapter as gguf-lora."
        ) from error
    return np.asarray(quantize(plain + lora.change(tensor.name), _kind(tensor, lora)))


def _kind(tensor: ReaderTensor, lora: Lora) -> Kind:
    """The type that a tensor has in the new file."""
    keeps = tensor.name not in lora.pairs or tensor.tensor_type in KEPT
    return tensor.tensor_type if keeps else Kind.F16


def _size(tensor: ReaderTensor, kind: Kind) -> int:
    """Bytes of a tensor in the new file."""
    return int(tensor.n_bytes if kind == tensor.tensor_type else 2 * tensor.n_elements)


def _header(reader: GGUFReader, kinds: dict[str, Kind], sizes: list[int], align: int) -> bytes:
    """The base's header up to its tensors' data, with their new types and places."""
    header, place = bytearray(reader.data[: reader.data_offset].tobytes()), 0
    for tensor, size in zip(reader.tensors, sizes, strict=True):
        *before, _, _ = tensor.field.parts  # then type (4 bytes) and place (8 bytes)
        at = tensor.field.offset + sum(int(part.nbytes) for part in before)
        struct.pack_into("<IQ", header, at, kinds[tensor.name], place)
        place += size + -size % align
    return bytes(header)
