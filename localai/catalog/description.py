"""Model descriptions: one TOML file per model, strict, the same for bundled and user models.

The bundled ones lie in `models/` of the checkout; `localai models add` and `pull` write the
user's into the `models` folder of the data. Reading and writing the format is all that
happens here: no file of a model is looked for.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import tomlkit

from localai import paths
from localai.errors import ModelError

REPO = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
SAMPLING_KEYS = frozenset(
    {"temperature", "top_k", "top_p", "min_p", "repeat_penalty", "repeat_last_n"}
)
_LARGEST_FILE = 100_000


class PypiSource(
    msgspec.Struct, frozen=True, tag="pypi", tag_field="kind", forbid_unknown_fields=True
):
    """A file inside an installed PyPI distribution; `file` is its path there."""

    distribution: str
    file: str


class HubSource(
    msgspec.Struct, frozen=True, tag="hub", tag_field="kind", forbid_unknown_fields=True
):
    """Files of a model hub repository at one commit; `files` are paths in it, in order.

    Paths that lead out of the repository's folder are refused.
    """

    repo: str
    commit: str
    files: tuple[str, ...]

    def __post_init__(self) -> None:
        if not REPO.fullmatch(self.repo) or not self.files:
            raise ValueError("`repo` or `files` is not one of a model hub")
        for file in self.files:
            if not is_safe(file):
                raise ValueError(f"`files` may not name {file!r}")


class FileSource(
    msgspec.Struct, frozen=True, tag="file", tag_field="kind", forbid_unknown_fields=True
):
    """A file of the user's, used where it lies; `path` is absolute."""

    path: str


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is known about a model without opening its file.

    `name`: lower case letters, digits, dots, dashes and underscores. `file`: the file's
    name (the first part of a split model). `sha256`: hex, of the file (of the first part);
    empty when unknown. `bytes`: size of all parts. `licence`: an SPDX name. `memory_bytes`:
    what `fit` says with the default window, 0 unknown. `system`: system text where the user set
    none. `sampling`: default values of `temperature`, `top_k`, `top_p`, `min_p`,
    `repeat_penalty`, `repeat_last_n`. `template`: a chat template (jinja2) that replaces
    the file's own. `tool_format`: how the model writes tool calls, a name that `localai tools
    parse --format` takes, or "none"; empty tells it from the template. `notes`: what a user
    should know.
    """

    name: str
    source: PypiSource | HubSource | FileSource
    file: str
    sha256: str = ""
    bytes: int = 0
    licence: str = ""
    memory_bytes: int = 0
    system: str = ""
    sampling: dict[str, float | int] = {}
    template: str = ""
    tool_format: str = ""
    notes: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"`name` may not be {self.name!r}")
        if unknown := sorted(set(self.sampling) - SAMPLING_KEYS):
            raise ValueError(f"`sampling` has no setting {unknown[0]!r}")
        if self.sha256 and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError("`sha256` is not 64 hexadecimal digits")


def is_safe(path: str) -> bool:
    """Whether a path from elsewhere stays below the folder it is joined to."""
    parts = path.split("/")
    return not ({"", ".", ".."} & set(parts) or "\\" in path or "\0" in path or ":" in path)


def read(path: Path) -> Description:
    """The description in `NAME.toml`. Raises ModelError that names the file and the fault."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ValueError("it is too large to be one")
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Description)
        if found.name != path.stem:
            raise ValueError(f"`name` is {found.name!r}, unlike the file's")
        return found
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ModelError(
            f"The model description {path} is not usable ({reason}); correct it or delete it."
        ) from error


def write(path: Path, description: Description) -> None:
    """Write `description` as TOML in one step. Raises ModelError when that is impossible."""
    try:
        paths.replace(path, tomlkit.dumps(msgspec.to_builtins(description)))
    except OSError as error:
        raise ModelError(
            f"The model description {path} cannot be written ({error.strerror}); "
            "check the folder's permissions and the free space."
        ) from error


def as_name(text: str) -> str:
    """`text` as a model name: "Qwen2.5 0.5B (Q4)" -> "qwen2.5-0.5b-q4"; "model" if empty."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")
    return slug[:100].rstrip("-._") or "model"
