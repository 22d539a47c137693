"""The header of a GGUF file: what the model is, and how long the file must be.

Written from the GGUF specification (ggml/docs/gguf.md) for files by strangers: nothing is
believed before it is checked, nothing of the tensors is read, and nothing found here is
ever executed. It judges no model; `check` does.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from localai.catalog.cursor import Cursor, Damaged
from localai.catalog.ggml_types import FILE_TYPES, REPACKED, REPACKED_ROWS, TENSOR_TYPES
from localai.catalog.sizes import VOCABULARY, Recurrence, count, is_count, sizes

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_KEYS = 4096
_MOST_TENSORS = 100_000
_LONGEST_KEY = 65_535
_LONGEST_VALUE = 4096
_LONGEST_TENSOR_NAME = 63
_MOST_DIMENSIONS = 4
_KEPT_ELEMENTS = 1024
_LARGEST = 2**63 - 1
_EMBEDDING = "token_embd.weight"

_NUMBERS = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_STRING, _ARRAY = 8, 9
_U32 = struct.Struct("<I")


class GgufHeader(msgspec.Struct, frozen=True):
    """What a header says. Texts are the file's own words: clean them before a screen.

    `kind` is `general.type` ("model", "adapter", "mmproj", ...). `quant` is "" when
    unknown. Numbers are 0 where the file is silent. `kv_heads` has one entry, or one for
    each layer. `pooling` and `causal` are None where the file is silent.
    `expected_bytes` is where the last tensor ends; a shorter file is truncated. Of the
    `weight_bytes`, a CPU keeps `repacked_bytes` twice. `vocabulary` counts tokens, `experts`
    those that a token is sent to; every `attention_interval`th layer has a cache (0: all).
    """

    version: int
    architecture: str
    name: str
    kind: str
    licence: str
    quant: str
    context_length: int
    block_count: int
    embedding_length: int
    head_count: int
    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    kv_lora_rank: int
    rope_dimensions: int
    sliding_window: int
    pooling: int | None
    causal: bool | None
    sampling: dict[str, float | int]
    split_index: int
    split_count: int
    tensors: int
    parameters: int
    expected_bytes: int
    file_bytes: int
    weight_bytes: int = 0
    repacked_bytes: int = 0
    vocabulary: int = 0
    feed_forward: int = 0
    experts: int = 0
    expert_feed_forward: int = 0
    attention_interval: int = 0
    shared_kv_layers: int = 0
    compressed_kv: bool = False
    recurrence: Recurrence = Recurrence()
    template: bool = False


def read_header(path: Path, *, until_vocabulary: bool = False) -> GgufHeader:
    """The header of the file at `path`. Raises Damaged or OSError.

    `until_vocabulary` stops there, which keeps a look at many files fast: names and kinds
    usually come before it. What was not reached is 0 or empty then.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        cursor = Cursor(file, size)
        version, tensors, keys = _counts(cursor)
        metadata = _metadata(cursor, keys, until_vocabulary=until_vocabulary)
        weights = _Weights()
        if not until_vocabulary:
            weights = _weights(cursor, tensors, _alignment(metadata))
    return _header(metadata, version, tensors, weights, size)


def _counts(cursor: Cursor) -> tuple[int, int, int]:
    """Version, number of tensors, number of keys."""
    if cursor.take(4) != MAGIC:
        raise Damaged("it does not begin with GGUF")
    version = int(cursor.number(_U32))
    if version and version & 0xFFFF == 0:
        raise Damaged("it is a big-endian file, made for another kind of machine")
    if version not in _VERSIONS:
        raise Damaged(f"its format version is {version}, and only 2 and 3 are supported")
    tensors, keys = cursor.length(), cursor.length()
    if tensors > _MOST_TENSORS or keys > _MOST_KEYS:
        raise Damaged("its header counts more entries than any model has")
    return version, tensors, keys


def _metadata(cursor: Cursor, keys: int, *, until_vocabulary: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(keys):
        key = cursor.string(_LONGEST_KEY)
        if not key or key in found:
            raise Damaged("a key in its header is empty, too long or there twice")
        kind = int(cursor.number(_U32))
        if kind == _ARRAY:
            inner, elements = int(cursor.number(_U32)), cursor.length()
            if key == VOCABULARY:
                found[key] = elements
                if until_vocabulary:
                    break
            read = _array(cursor, inner, elements)
            found.setdefault(key, read)
        else:
            found[key] = _scalar(cursor, kind)
    return found


def _scalar(cursor: Cursor, kind: int) -> Any:
    """A number, or a string (None when it is very long)."""
    if kind == _STRING:
        return cursor.string(_LONGEST_VALUE)
    return cursor.number(_form(kind))


def _array(cursor: Cursor, kind: int, count: int) -> tuple[int | float | bool, ...] | None:
    """The elements of a short array of numbers; None for others, which are skipped."""
    if kind == _STRING:
        cursor.skip_strings(count)
        return None
    form = _form(kind)
    if count > _KEPT_ELEMENTS:
        cursor.skip(count * form.size)
        return None
    return struct.unpack(f"<{count}{form.format[1:]}", cursor.take(count * form.size))


def _form(kind: int) -> struct.Struct:
    if kind not in _NUMBERS:
        raise Damaged(f"a value in its header is of the unknown type {kind}")
    return _NUMBERS[kind]


def _alignment(metadata: Mapping[str, Any]) -> int:
    alignment = metadata.get("general.alignment", 32)
    if not is_count(alignment) or alignment == 0 or alignment & (alignment - 1):
        raise Damaged("the alignment in its header is not a power of two")
    return int(alignment)


class _Tensor(NamedTuple):
    """What the header says of one tensor; `shape` begins with the length of a row."""

    shape: tuple[int, ...]
    kind: str
    elements: int
    bytes: int

    @property
    def repacked(self) -> bool:
        """Whether a CPU computes with a copy of it in another order."""
        matrix = len(self.shape) > 1 and self.shape[1] % REPACKED_ROWS == 0
        return matrix and self.kind in REPACKED


class _Weights(NamedTuple):
    """All tensors: numbers, bytes, bytes that a CPU keeps twice, where the file must end."""

    parameters: int = 0
    bytes: int = 0
    repacked: int = 0
    expected: int = 0


def _weights(cursor: Cursor, tensors: int, alignment: int) -> _Weights:
    parameters = end = expected = repacked = 0
    names: set[str] = set()
    for _ in range(tensors):
        name = cursor.string(_LONGEST_TENSOR_NAME)
        if name is None or name in names:
            raise Damaged("the name of a tensor is too long or there twice")
        names.add(name)
        tensor = _tensor(cursor)
        if cursor.length() != expected:
            raise Damaged(f"the tensor {name!r} is not where it should be")
        parameters += tensor.elements
        if tensor.repacked and name != _EMBEDDING:
            repacked += tensor.bytes
        end = expected + tensor.bytes
        expected = end + -end % alignment
    data = cursor.position + -cursor.position % alignment
    return _Weights(parameters, end, repacked, data + end)


def _tensor(cursor: Cursor) -> _Tensor:
    dimensions = int(cursor.number(_U32))
    if dimensions > _MOST_DIMENSIONS:
        raise Damaged("a tensor has more than four dimensions")
    shape = tuple(cursor.length() for _ in range(dimensions))
    elements, row = math.prod(shape), shape[0] if shape else 1
    kind = int(cursor.number(_U32))
    if kind not in TENSOR_TYPES:
        raise Damaged(f"a tensor is of the unknown type {kind}; the file may need a newer localai")
    name, block, size = TENSOR_TYPES[kind]
    if max([elements, *shape]) > _LARGEST or row % block:
        raise Damaged("the shape of a tensor is impossible")
    return _Tensor(shape, name, elements, elements // block * size)


def _header(
    metadata: Mapping[str, Any],
    version: int,
    tensors: int,
    weights: _Weights,
    size: int,
) -> GgufHeader:
    architecture = _text(metadata, "general.architecture")
    file_type = count(metadata.get("general.file_type", -1), -1)
    return GgufHeader(
        version=version,
        architecture=architecture,
        name=_text(metadata, "general.name"),
        kind=_text(metadata, "general.type") or "model",
        licence=_text(metadata, "general.license"),
        quant=FILE_TYPES.get(file_type, ""),
        sampling=_sampling(metadata),
        split_index=count(metadata.get("split.no")),
        split_count=count(metadata.get("split.count")),
        tensors=tensors,
        parameters=weights.parameters,
        weight_bytes=weights.bytes,
        repacked_bytes=weights.repacked,
        expected_bytes=weights.expected,
        file_bytes=size,
        template=metadata.get("tokenizer.chat_template", "") != "",
        **sizes(metadata, architecture),
    )


_SAMPLING = {"temp": "temperature", "top_k": "top_k", "top_p": "top_p", "min_p": "min_p"}


def _sampling(metadata: Mapping[str, Any]) -> dict[str, float | int]:
    """The sampling values that the file recommends, under localai's names."""
    found: dict[str, float | int] = {}
    for key, name in _SAMPLING.items():
        value = metadata.get(f"general.sampling.{key}")
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6:
            found[name] = round(value, 6)
    return found


def _text(metadata: Mapping[str, Any], key: str) -> str:
    value = metadata.get(key)
    return value if isinstance(value, str) else ""
