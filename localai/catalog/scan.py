"""GGUF files that other programs on this machine hold, for use in place.

Only names, sizes and the first kilobytes of files are looked at; nothing is copied,
hashed or changed, and whatever cannot be read is passed over. Layouts as the programs
write them: Ollama (manifests that name blobs by digest), LM Studio (publisher/model/file),
llama.cpp's cache (flat), the hub's cache (models--owner--name/snapshots/commit/file).
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from localai.catalog.cursor import Damaged
from localai.catalog.description import is_safe
from localai.catalog.entry import Home, ModelEntry, from_path
from localai.catalog.gguf import read_header
from localai.catalog.kinds import other_kind
from localai.catalog.parts import is_later_part, model_stem

PREFIXES = ("ollama/", "lmstudio/", "llamacpp/", "hub/")
"""What the names of scanned models begin with."""

_DEEPEST = 6
_MOST_FILES = 20_000
_LARGEST_MANIFEST = 1_000_000
_OLLAMA_MODEL = "application/vnd.ollama.image.model"
_OLLAMA_REGISTRY = "registry.ollama.ai"


class _Layer(msgspec.Struct):
    """A part of an Ollama model; the one of the model's type is a GGUF file."""

    mediaType: str = ""
    digest: str = ""


class _Manifest(msgspec.Struct):
    """What Ollama writes for each model and tag."""

    layers: list[_Layer] = []


def scan(environment: Mapping[str, str] = os.environ) -> tuple[ModelEntry, ...]:
    """Every model that other programs hold, each file once, by name."""
    home = Path(environment.get("HOME") or Path.home())
    seen: set[tuple[int, int]] = set()
    found: dict[str, ModelEntry] = {}
    for name, path, owner in _candidates(home, environment):
        try:
            status = path.stat()
            if (status.st_dev, status.st_ino) in seen or not _is_chat_model(path):
                continue
            seen.add((status.st_dev, status.st_ino))
            unique = next(each for each in _numbered(name) if each not in found)
            found[unique] = from_path(path, unique, owner)
        except (OSError, Damaged):
            continue
    return tuple(sorted(found.values(), key=lambda entry: entry.name))


def _numbered(name: str) -> Iterator[str]:
    """The name, then the name with a number: files of one name lie in several folders."""
    yield name
    yield from (f"{name}-{number}" for number in itertools.count(2))


def _candidates(home: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, Path, Home]]:
    """Name, file and owner of everything that may be a model."""
    ollama = Path(environment.get("OLLAMA_MODELS") or home / ".ollama" / "models")
    for name, path in _ollama(ollama):
        yield f"ollama/{name}", path, "ollama"
    for folder in (home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models"):
        for path in _files(folder):
            yield f"lmstudio/{model_stem(path.name)}", path, "lm studio"
    for path in _files(_llama_cpp(home, environment)):
        yield f"llamacpp/{model_stem(path.name)}", path, "llama.cpp"
    for path in _files(_hub_cache(home, environment)):
        yield f"hub/{model_stem(path.name)}", path, "hub cache"


def _ollama(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name ("llama3.2:3b") and blob of each model that Ollama has a manifest for."""
    manifests = folder / "manifests"
    for path in _files(manifests, ending=""):
        try:
            if path.stat().st_size > _LARGEST_MANIFEST:
                continue
            manifest = msgspec.json.decode(path.read_bytes(), type=_Manifest)
        except (OSError, msgspec.MsgspecError):
            continue
        name = _ollama_name(path.relative_to(manifests).parts)
        for layer in manifest.layers:
            blob = layer.digest.replace(":", "-")
            if name and layer.mediaType == _OLLAMA_MODEL and is_safe(blob):
                yield name, folder / "blobs" / blob


def _ollama_name(parts: Sequence[str]) -> str:
    """("registry.ollama.ai", "library", "llama3.2", "3b") -> "llama3.2:3b"; "" if odd."""
    if len(parts) < 3:
        return ""
    registry, *names, tag = parts
    shown = [] if registry == _OLLAMA_REGISTRY else [registry]
    return "/".join([*shown, *(name for name in names if name != "library")]) + f":{tag}"


def _llama_cpp(home: Path, environment: Mapping[str, str]) -> Path:
    if chosen := environment.get("LLAMA_CACHE"):
        return Path(chosen)
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "llama.cpp"
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "llama.cpp"


def _hub_cache(home: Path, environment: Mapping[str, str]) -> Path:
    cache = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
    hub = Path(environment.get("HF_HOME") or cache / "huggingface") / "hub"
    chosen = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE")
    return Path(chosen) if chosen else hub


def _files(folder: Path, ending: str = ".gguf") -> Iterator[Path]:
    """Files below `folder` that end so; links to folders are not followed."""
    left = _MOST_FILES
    for top, folders, names in os.walk(folder):
        depth = len(Path(top).relative_to(folder).parts)
        folders[:] = sorted(folders) if depth < _DEEPEST else []
        for name in sorted(names):
            left -= 1
            if left < 0:
                return
            if name.lower().endswith(ending) and not is_later_part(name):
                yield Path(top) / name


def _is_chat_model(path: Path) -> bool:
    """Judged by what the header says before the vocabulary."""
    return path.is_file() and not other_kind(read_header(path, until_vocabulary=True))
