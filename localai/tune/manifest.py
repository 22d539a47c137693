"""What lies beside an adapter and says where it comes from, and how both get their names.

Without numpy and gguf: whoever looks at adapters need not load them. Whether the file beside
it is the one that is meant, `adapter.verify` says.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from localai.engine.adapter import MANIFEST
from localai.errors import ModelError


class Manifest(msgspec.Struct, frozen=True):
    """Where an adapter comes from. Hashes are sha256 hex: `base` of the model's file,
    `template` of its chat template, `sha256` of the adapter's file. `corrections` are the
    ids of what it learned from, `replay` counts the replayed answers; `options` how it was
    trained (the seed with them), `verdict` every number of the gate and of parity.
    `tokenizer` names the vocabulary, `data` is the hash of all that was trained on, `losses`
    are in nats (`promotion.losses`); older ones and those from elsewhere do not know them."""

    base: str
    base_name: str
    template: str
    sha256: str
    run: str
    corrections: tuple[str, ...]
    replay: int
    options: dict[str, Any]
    verdict: dict[str, Any]
    version: str
    created: float
    tokenizer: str = ""
    data: str = ""
    losses: dict[str, float] = {}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Keep the manifest beside the adapter."""
    temporary = folder / f"{MANIFEST}.tmp"
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    settle(temporary, folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """What lies beside the adapter in the folder. Raises ModelError."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise ModelError(
            f"The adapter in {folder} has no readable manifest; tune again."
        ) from error


def settle(temporary: Path, path: Path) -> None:
    """Give a finished file its name, so that it is whole on disk or not there at all."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
