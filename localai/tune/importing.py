"""Bringing an adapter in from elsewhere: a PEFT or MLX folder, or a LoRA in a GGUF file.

It must fit the model's weights; nothing else about it is believed, and nothing is tested:
it is recorded, and answers only when it is chosen.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from localai import __version__, digest, paths
from localai.catalog import ModelEntry
from localai.catalog.cursor import Damaged
from localai.catalog.entry import required_path
from localai.catalog.gguf import read_header
from localai.chat.adapters import file_hash
from localai.engine.adapter import MANIFEST
from localai.errors import ModelError, UsageError
from localai.store.ids import new_id
from localai.store.store import Store
from localai.store.tuning import Adapter
from localai.tune import adapter, lora, lora_folders, published
from localai.tune.lora import Lora
from localai.tune.manifest import Manifest, settle, write_manifest
from localai.tune.plan import ADAPTER
from localai.tune.published import Base
from localai.tune.workplace import adapters_folder, alone


class Found(NamedTuple):
    """What was read: `kind` is peft, mlx or gguf; `file` the GGUF file that can be copied as
    it is, and `manifest` what lies beside it, None for neither."""

    kind: str
    matrices: Lora
    file: Path | None = None
    manifest: Manifest | None = None


def add(store: Store, entry: ModelEntry, path: Path, name: str = "") -> Adapter:
    """Record the adapter in `path` for a model; "" calls it by its number.

    Raises ModelError or UsageError, in one sentence, when it is none, does not fit, is there
    already, or cannot be called that.
    """
    if name:
        store.check_adapter_name(name)
    model = required_path(entry)
    base, sha256 = published.read(model), file_hash(store, model)
    found = _read(path, base, sha256)
    published.check(found.matrices, base, entry.name)
    for tensor, pair in found.matrices.pairs.items():
        if not all(np.isfinite(matrix).all() for matrix in pair):
            raise ModelError(f"The adapter in {path} holds numbers that are not finite ({tensor}).")
    with alone(), _folder() as folder:
        _place(folder / ADAPTER, found, base)
        hashed = digest.sha256(folder / ADAPTER)
        for each in store.adapters(sha256):
            if each.sha256 == hashed:
                raise UsageError(f"That adapter is here already, as {each.name}.")
        write_manifest(folder, _manifest(found, entry, sha256, hashed))
        adapter.verify(folder, sha256, hashed)
        return store.add_adapter(
            base=sha256,
            base_bytes=model.stat().st_size,
            file=str(folder / ADAPTER),
            sha256=hashed,
            name=name,
        )


def _read(path: Path, base: Base, sha256: str) -> Found:
    """What is in the file or folder, whatever of the three it is."""
    if path.is_dir() and not (path / ADAPTER).is_file():
        kind = lora_folders.kind_of(path)
        if not base.modules:
            raise ModelError(
                f"What checkpoints of {base.architecture} models look like is not known here; "
                "convert the adapter to GGUF with llama.cpp first."
            )
        return Found(kind, lora_folders.read(path, kind, base))
    file = path / ADAPTER if path.is_dir() else path
    _check_file(file, base)
    try:
        matrices = lora.read(file)
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise ModelError(f"The adapter {file} cannot be read ({error}).") from error
    return Found("gguf", matrices, file, _known(file, sha256))


def _check_file(file: Path, base: Base) -> None:
    """Raise ModelError unless a stranger's file is a whole adapter for this kind of model."""
    try:
        header = read_header(file)
    except (OSError, Damaged) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"{file} cannot be read as an adapter ({why}).") from error
    if header.kind != "adapter" or not header.tensors:
        raise ModelError(f"{file} holds a {header.kind}, not an adapter; choose another file.")
    if header.expected_bytes > header.file_bytes:
        raise ModelError(f"The adapter {file} is truncated; copy it again.")
    if header.architecture != base.architecture:
        raise ModelError(
            f"The adapter {file} is for models of the kind {header.architecture}, and this one "
            f"is {base.architecture}; choose its model with -m."
        )


def _known(file: Path, sha256: str) -> Manifest | None:
    """What an export of our own says of the file. Raises ModelError when it names another
    model's file."""
    try:
        found = msgspec.json.decode(file.with_name(MANIFEST).read_bytes(), type=Manifest)
        if found.sha256 != digest.sha256(file):
            return None
    except (OSError, msgspec.MsgspecError):
        return None
    if found.base != sha256:
        raise ModelError(
            f"The adapter was made for another model's file ({found.base_name}), as its "
            f"{MANIFEST} says; choose that model with -m."
        )
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    """A new adapter's folder, gone again unless the block ends well."""
    folder = paths.private_dir(adapters_folder() / new_id())
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _place(path: Path, found: Found, base: Base) -> None:
    """Have the adapter as a file of ours."""
    temporary = path.with_name(f"{ADAPTER}.tmp")
    try:
        if found.file is not None:
            shutil.copyfile(found.file, temporary)
        else:
            lora.write(temporary, base.architecture, found.matrices)
        settle(temporary, path)
    except OSError as error:
        raise ModelError(
            f"The adapter cannot be kept in {path.parent} ({error.strerror or error})."
        ) from error


def _manifest(found: Found, entry: ModelEntry, base: str, sha256: str) -> Manifest:
    """What is known of it here. How it was judged elsewhere says nothing here."""
    options: dict[str, Any] = {"imported": found.kind}
    if found.manifest is not None:
        options = {**found.manifest.options, **options}
    return Manifest(
        base=base,
        base_name=entry.name,
        template=found.manifest.template if found.manifest else "",
        sha256=sha256,
        run="",
        corrections=found.manifest.corrections if found.manifest else (),
        replay=found.manifest.replay if found.manifest else 0,
        options=options,
        verdict={},
        version=__version__,
        created=time.time(),
    )
