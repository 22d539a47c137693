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
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from localai import __version__, digest, paths
from localai.catalog import ModelEntry
from localai.catalog.entry import required_path
from localai.chat.adapters import file_hash
from localai.engine.adapter import MANIFEST, check_file
from localai.errors import ModelError, UsageError
from localai.store.ids import new_id
from localai.store.store import Store
from localai.store.tuning import Adapter
from localai.tune import lora, lora_folders, published
from localai.tune.lora import Lora
from localai.tune.manifest import Manifest, read_manifest, settle, write_manifest
from localai.tune.plan import ADAPTER
from localai.tune.published import Base
from localai.tune.workplace import adapters_folder, alone

UNREADABLE = (OSError, ValueError, LookupError, TypeError, ArithmeticError, RuntimeError)
"""What reading a stranger's file may come to."""


class Found(NamedTuple):
    """What was read: `kind` is peft, mlx or gguf; `file` the GGUF file that can be copied as
    it is, None for none."""

    kind: str
    matrices: Lora
    file: Path | None = None


def add(store: Store, entry: ModelEntry, path: Path, name: str = "") -> Adapter:
    """Record the adapter in `path` for a model; "" calls it by its number.

    Raises ModelError or UsageError, in one sentence, when it is none, does not fit, is there
    already, or cannot be called that.
    """
    if name:
        store.check_adapter_name(name)
    model = required_path(entry)
    base, sha256 = published.read(model), file_hash(store, model)
    found = _read(path, base)
    published.check(found.matrices, base, entry.name)
    if strange := _strange(found.matrices):
        raise ModelError(f"The adapter in {path} holds numbers that are not finite ({strange}).")
    with alone(), _folder() as folder:
        _place(folder / ADAPTER, found, base)
        hashed = digest.sha256(folder / ADAPTER)
        for each in store.adapters(sha256):
            if each.sha256 == hashed:
                raise UsageError(f"That adapter is here already, as {each.name}.")
        write_manifest(folder, _manifest(found, entry, sha256, hashed))
        return store.add_adapter(
            base=sha256,
            base_bytes=model.stat().st_size,
            file=str(folder / ADAPTER),
            sha256=hashed,
            name=name,
        )


def _read(path: Path, base: Base) -> Found:
    """What is in the file or folder, whatever of the three it is."""
    try:
        if path.is_dir() and not (path / ADAPTER).is_file():
            return _read_folder(path, base)
        file = path / ADAPTER if path.is_dir() else path
        check_file(file, base.architecture)
        return Found("gguf", lora.read(file), file)
    except UNREADABLE as error:
        raise ModelError(
            f"The adapter in {path} cannot be read ({error}); export it anew."
        ) from error


def _read_folder(path: Path, base: Base) -> Found:
    kind = lora_folders.kind_of(path)
    if not base.modules:
        raise ModelError(
            f"What checkpoints of {base.architecture} models look like is not known here; "
            "convert the adapter to GGUF with llama.cpp first."
        )
    return Found(kind, lora_folders.read(path, kind, base))


def _strange(lora: Lora) -> str:
    """What of it is not finite; "" for nothing."""
    with np.errstate(over="ignore"):  # what a float32 cannot hold is infinite in the file
        if not np.isfinite(np.float32(lora.alpha)):
            return "its alpha"
    return next(
        (
            name
            for name, pair in lora.pairs.items()
            if not all(np.isfinite(matrix).all() for matrix in pair)
        ),
        "",
    )


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
    manifest = Manifest(
        base=base,
        base_name=entry.name,
        template="",
        sha256=sha256,
        run="",
        corrections=(),
        replay=0,
        options={"imported": found.kind},
        verdict={},
        version=__version__,
        created=time.time(),
    )
    known = _known(found.file, base, sha256)
    if known is None:
        return manifest
    return replace(
        manifest,
        template=known.template,
        corrections=known.corrections,
        replay=known.replay,
        options={**known.options, **manifest.options},
        tokenizer=known.tokenizer,
        data=known.data,
        losses=known.losses,
    )


def _known(file: Path | None, base: str, sha256: str) -> Manifest | None:
    """What an export of our own says of the file. Raises ModelError when it names another
    model's file."""
    if file is None:
        return None
    try:
        found = read_manifest(file.parent)
    except ModelError:
        return None
    if found.sha256 != sha256:
        return None
    if found.base != base:
        raise ModelError(
            f"The adapter was made for another model's file ({found.base_name}), as its "
            f"{MANIFEST} says; choose that model with -m."
        )
    return found
