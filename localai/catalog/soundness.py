"""Whether a file can be chatted with, decided before an engine is started on it.

Each way it can fail is one plain sentence. What only llama.cpp can know (a tensor that
should be there and is not) is left to the engine's own error.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from localai.catalog.cursor import Damaged, EndsEarly
from localai.catalog.fit import Fit, fit, head_widths
from localai.catalog.gguf import MAGIC, GgufHeader, read_header
from localai.catalog.kinds import other_kind
from localai.catalog.looks import looks_like
from localai.catalog.memory import has_discrete_gpu, total_memory
from localai.catalog.parts import parts
from localai.catalog.window import least_window
from localai.context_window import BLOCK, KvType
from localai.errors import ModelError

_SUMS = (
    "tensors",
    "parameters",
    "expected_bytes",
    "file_bytes",
    "weight_bytes",
    "repacked_bytes",
)
"""What the parts of a split model share out."""


def check(path: Path, n_ctx: int = 0, kv_type: KvType = "f16") -> GgufHeader:
    """The header of a model that this machine can run at all with a window of `n_ctx` tokens.

    0 is the smallest window of use. What is free at the moment is judged by `choose_window`.
    Raises ModelError saying what is wrong and what to do.
    """
    whole = read_whole(path)
    _refuse_other_kinds(path, whole)
    _refuse_kv_type(path, whole, kv_type)
    _refuse_too_large(path, fit(whole, n_ctx or least_window(whole), kv_type))
    return whole


def read_whole(path: Path) -> GgufHeader:
    """As `read`, with the sizes of all parts of a split model added up."""
    return _with_parts(path, read(path))


def read(path: Path) -> GgufHeader:
    """The header of one sound GGUF file of any kind. Raises ModelError in plain words."""
    try:
        header = _read(path)
    except IsADirectoryError:
        raise ModelError(f"{path} is a folder; name a .gguf file in it.") from None
    except FileNotFoundError:
        raise ModelError(
            f"There is no file {path}; check the path, or see `localai models list`."
        ) from None
    except PermissionError:
        raise ModelError(f"{path} may not be read by you; change its permissions.") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); check the disk.") from error
    missing = header.expected_bytes - header.file_bytes
    if missing > 0:
        raise ModelError(
            f"{path} is truncated: {missing:,} of {header.expected_bytes:,} bytes are missing; "
            "download it again."
        )
    return header


def _read(path: Path) -> GgufHeader:
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ModelError(f"{path} is not a regular file; name a .gguf file.")
    with path.open("rb") as file:
        start = file.read(512)
    if not start:
        raise ModelError(f"{path} is empty; download it again.")
    if not start.startswith(MAGIC):
        if MAGIC.startswith(start):
            raise ModelError(f"{path} is truncated after {len(start)} bytes; download it again.")
        raise ModelError(f"{path} is not a GGUF model; it looks like {looks_like(start)}.")
    try:
        return read_header(path)
    except EndsEarly as error:
        raise ModelError(f"{path} is truncated: {error}; download it again.") from error
    except Damaged as error:
        raise ModelError(f"{path} cannot be used: {error}; download another copy.") from error


def _with_parts(path: Path, header: GgufHeader) -> GgufHeader:
    """The header with the sizes of all parts of a split model added up."""
    if header.split_count <= 1:
        return header
    files = parts(path)
    if len(files) != header.split_count:
        raise ModelError(
            f"{path} is one of {header.split_count} parts but is not named like one "
            f"(NAME-00001-of-{header.split_count:05d}.gguf); give the parts their names back."
        )
    if header.split_index != 0:
        raise ModelError(
            f"{path} is part {header.split_index + 1} of {header.split_count}; "
            f"choose the first one, {files[0].name}."
        )
    absent = [file.name for file in files if not file.is_file()]
    if absent:
        raise ModelError(
            f"Of the {len(files)} parts of {path.name}, {absent[0]} is missing; "
            "put it into the same folder."
        )
    headers = [header, *(read(file) for file in files[1:])]
    sums = {field: sum(getattr(part, field) for part in headers) for field in _SUMS}
    return msgspec.structs.replace(header, **sums)


def _refuse_other_kinds(path: Path, header: GgufHeader) -> None:
    """Raise for files that are sound but cannot hold a conversation."""
    words = other_kind(header)
    if not words and (header.tensors == 0 or header.block_count == 0):
        words = "a vocabulary without weights"
    if words:
        raise ModelError(
            f"{path} is {words}, so it cannot chat; choose a text model, "
            "for example one from `localai models list`."
        )


def _refuse_kv_type(path: Path, header: GgufHeader, kv_type: KvType) -> None:
    """Raise when a head's values do not divide into blocks that share a scale."""
    odd = [width for width in head_widths(header) if width % BLOCK]
    if kv_type != "f16" and odd:
        raise ModelError(
            f"{path} has attention heads of {odd[0]} values, which {kv_type} cannot keep (it takes "
            f"{BLOCK} at a time); set engine.kv_type to f16 for it."
        )


def _refuse_too_large(path: Path, need: Fit) -> None:
    """Raise only when it clearly cannot work: a GPU of its own may hold what RAM cannot."""
    total = total_memory()
    if (need.total > total and not has_discrete_gpu()) or need.cache > total:
        raise ModelError(
            f"{path} needs about {need.total / 1e9:.1f} GB of memory and this machine has "
            f"{total / 1e9:.1f} GB; choose a smaller quantisation or model, or a smaller "
            "window with the setting engine.context."
        )
