"""Taking an adapter elsewhere: a copy, other programs' layouts, or merged into the model.

What is written is complete or not there, and takes no name that is taken. The layouts are
known in `lora_folders`, the merging in `merging`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from gguf import GGUFReader
from msgspec.structs import replace

from localai.port.target import new_path
from localai.store.tuning import Adapter
from localai.tune import adapter, lora, lora_folders, merging, published
from localai.tune.manifest import read_manifest, write_manifest
from localai.tune.plan import ADAPTER


def export(
    found: Adapter,
    base: Path,
    form: str,
    path: Path,
    tell: Callable[[int, int], object] = lambda done, total: None,
) -> None:
    """Write an adapter of the model in `base` to `path`: a folder, or with merged-gguf a file;
    `form` is that, gguf-lora, mlx or peft.

    Raises ModelError when it is damaged or cannot be written in this form, PortError when
    `path` is taken or cannot be written.
    """
    source = Path(found.file)
    adapter.verify(source.parent, found.base, found.sha256)
    with new_path(path) as partial:
        if form == "gguf-lora":
            partial.mkdir()
            _copy(source, partial)
            return
        reader, matrices = GGUFReader(base), lora.read(source)
        model = published.describe(reader)
        if form == "merged-gguf":
            merging.write(partial, reader, matrices, tell)
        else:
            partial.mkdir()
            lora_folders.write(partial, form, matrices, model)


def _copy(source: Path, folder: Path) -> None:
    """The file and its manifest, without the questions and answers of the user's own that its
    verdict holds."""
    shutil.copyfile(source, folder / ADAPTER)
    manifest = read_manifest(source.parent)
    verdict = {key: value for key, value in manifest.verdict.items() if key != "answers"}
    write_manifest(folder, replace(manifest, verdict=verdict))
