"""The list of the user's own files of tools that may run: `trusted.toml`, beside the settings.

    [[file]]
    path = "/data/tools/words.py"
    sha256 = "..."
    tools = ["words"]

It is read strictly: what does not fit is refused as a whole, for each line lets code run.
Which files are fit to be trusted is not decided here (`trust`).
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localai import paths
from localai.errors import ConfigError, ToolError
from localai.tools import owned, source
from localai.tools.place import File
from localai.tools.plugin import Plugin
from localai.tools.tool import NAME

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """A whole path, the hash (hex) its content had when it was trusted, and its tools then."""

    path: str
    sha256: str
    tools: tuple[str, ...]


def pins() -> tuple[Pin, ...]:
    """All that is trusted. Raises ConfigError when the list cannot be relied on."""
    path = paths.trusted()
    try:
        with path.open("rb") as file:
            _only_ours(path, os.fstat(file.fileno()))
            _only_ours(path.parent, path.parent.stat())
            found = tomllib.load(file)
        return _checked(found)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"The list of trusted tools in {path} cannot be read ({reason}); correct it, or move "
            "it away and trust your tools again."
        ) from error


def _only_ours(path: Path, found: os.stat_result) -> None:
    """Raise ConfigError when others could change the list, which is at `path` or in it."""
    if owned.foreign(found):
        raise ConfigError(
            f"The list of trusted tools cannot be relied on, as {path} belongs to somebody else; "
            "move it away and trust your tools again."
        )
    in_folder = stat.S_ISDIR(found.st_mode)
    if owned.open_to_others(found) and not (in_folder and owned.sticky(found)):
        raise ConfigError(
            f"The list of trusted tools can be written by others; look at it, then: "
            f"chmod go-w {shlex.quote(str(path))}"
        )


def _checked(found: dict[str, Any]) -> tuple[Pin, ...]:
    if found.keys() - {"file"} or not isinstance(found.get("file", []), list):
        raise ValueError("it holds more than files")
    return tuple(map(_pin, found.get("file", [])))


def _pin(entry: Any) -> Pin:
    match entry:
        case {"path": str() as path, "sha256": str() as sha256, "tools": list() as tools} if (
            len(entry) == 3
            and os.path.isabs(path)  # noqa: PTH117 - of text; pathlib has no faster way
            and _SHA256.fullmatch(sha256)
            and tools
            and all(isinstance(name, str) and NAME.fullmatch(name) for name in tools)
        ):
            return Pin(path, sha256, tuple(tools))
    raise ValueError("an entry needs path, sha256 and tools")


def change(how: Callable[[tuple[Pin, ...]], Iterable[Pin]]) -> None:
    """Replace the list by what `how` makes of it; two at once wait for each other."""
    import tomlkit
    from filelock import FileLock

    path = paths.trusted()
    try:
        _only_ours(path.parent, paths.private_dir(path.parent).stat())
        with FileLock(path.with_suffix(".lock")):
            listed = tomlkit.aot()
            for pin in how(pins()):
                listed.append(tomlkit.item({**vars(pin), "tools": list(pin.tools)}))
            document = tomlkit.document()
            document.add(tomlkit.comment("Written by localai tools trust."))
            document.add("file", listed)
            paths.replace(path, tomlkit.dumps(document))
    except OSError as error:
        raise ConfigError(
            f"The list of trusted tools in {path} cannot be saved ({error.strerror}); "
            "check who owns the file and its folder, and that the disk has space."
        ) from error


def removed(path: str) -> str:
    """The sentence for a file that is not trusted any more as it was."""
    return (
        f"{path} is not trusted any more as it was when this chat began, so it is not run; "
        f"to trust it: localai tools trust {shlex.quote(path)}, then begin a new chat."
    )


def files() -> tuple[Plugin, ...]:
    """One plugin for each trusted file; a file that is not what it was has a problem."""
    return tuple(map(_plugin, pins()))


def _plugin(pin: Pin) -> Plugin:
    place = File(pin.path, pin.sha256)
    stem = Path(pin.path).stem
    try:
        sound = source.digest(source.read(pin.path)) == pin.sha256
    except ToolError:
        gone = (
            f"The trusted file {pin.path} is gone or cannot be read; put it back, or: "
            f"localai tools trust --remove {shlex.quote(pin.path)}"
        )
        return Plugin(place, pin.path, pin.tools, pin.sha256, stem, gone, "broken")
    if not sound:
        problem = source.changed(pin.path)
        return Plugin(place, pin.path, pin.tools, pin.sha256, stem, problem, "changed")
    return Plugin(place, pin.path, pin.tools, pin.sha256, stem)
