"""Whether a file is the LoRA adapter it is said to be, and made for the model that is loaded.

llama.cpp compares architecture and shapes only. So the file's content is held against its
recorded hash, its header is read with our own eyes, and the manifest beside it must not
name another base. Whether it changes anything is found out in `adapters`.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import msgspec

from localai import digest
from localai.catalog.cursor import Damaged
from localai.catalog.gguf import GgufHeader, read_header
from localai.engine.base import AdapterFile
from localai.errors import AdapterError

MANIFEST = "manifest.json"
"""The name of the file beside an adapter that says where it comes from."""

State = tuple[int, ...]
"""Size, time of change and number of a file; empty for none."""

Key = tuple[str, State, State]
"""The hash an adapter was said to have, and the states of its file and its manifest."""


class Origin(msgspec.Struct, frozen=True):
    """What counts here of a manifest: the hashes of the model's file and of the adapter's."""

    base: str = ""
    sha256: str = ""


class AdapterFiles:
    """Judges adapters for the model in `model_path`; reads each file once per state of it,
    however strongly it is to work."""

    def __init__(self, model_path: str, architecture: str) -> None:
        self._model, self._architecture = Path(model_path), architecture
        self._read: dict[str, tuple[Key, Origin | None]] = {}

    def check(self, adapter: AdapterFile) -> None:
        """Raise AdapterError unless the file has this content and was made for this model."""
        path = Path(adapter.path)
        key = (adapter.sha256, _state(path), _state(path.with_name(MANIFEST)))
        known, origin = self._read.get(adapter.path, (None, None))
        if known != key or not key[1]:
            check_file(path, self._architecture, adapter.sha256)
            origin = _origin(path)
            self._read[adapter.path] = (key, origin)
        self._check_origin(path, adapter, origin)

    def _check_origin(self, path: Path, adapter: AdapterFile, origin: Origin | None) -> None:
        """A manifest is about the adapter it names by its hash; one without says nothing."""
        if origin is None or not origin.base or origin.sha256 not in ("", adapter.sha256):
            return
        if origin.base != (adapter.base or self._base):
            raise AdapterError(
                f"The adapter {path} was made for another model's file (its {MANIFEST} says so); "
                "choose an adapter of this model, or tune anew."
            )

    @cached_property
    def _base(self) -> str:
        """The hash of the model's file, for callers who do not know it."""
        try:
            return digest.sha256(self._model)
        except OSError as error:
            raise AdapterError(
                f"{self._model} cannot be compared with what the adapter was made for "
                f"({error.strerror}); check the model's file."
            ) from error


def _state(path: Path) -> State:
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_size, found.st_mtime_ns, found.st_ino)


def _origin(path: Path) -> Origin | None:
    manifest = path.with_name(MANIFEST)
    try:
        return msgspec.json.decode(manifest.read_bytes(), type=Origin)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise AdapterError(
            f"{manifest}, which tells where the adapter {path.name} comes from, cannot be read; "
            "choose another adapter, or tune anew."
        ) from error


def check_file(path: Path, architecture: str, sha256: str | None = None) -> None:
    """Raise AdapterError unless the file is a whole adapter for models of this kind and has
    this content; None for one whose hash nobody knows."""
    header = _read(path, sha256)
    if header.kind != "adapter":
        raise AdapterError(f"{path} holds a {header.kind}, not an adapter; choose another file.")
    if header.architecture != architecture:
        raise AdapterError(
            f"The adapter {path} is for models of the kind {header.architecture}, and this one "
            f"is {architecture}; choose an adapter that was made for it."
        )
    if header.expected_bytes > header.file_bytes:
        raise AdapterError(f"The adapter {path} is truncated; choose another one, or tune anew.")


def _read(path: Path, sha256: str | None) -> GgufHeader:
    if not path.is_file():
        raise AdapterError(f"There is no adapter file {path}; choose another one, or tune anew.")
    try:
        if sha256 is not None and digest.sha256(path) != sha256:
            raise AdapterError(
                f"The adapter {path} is not the file it was when it was made; "
                "choose another one, or tune anew."
            )
        return read_header(path)
    except OSError as error:
        raise AdapterError(
            f"The adapter {path} cannot be read ({error.strerror}); check the disk, or choose "
            "another one."
        ) from error
    except Damaged as error:
        raise AdapterError(
            f"The adapter {path} cannot be used: {error}; choose another one, or tune anew."
        ) from error
