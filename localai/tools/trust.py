"""Trusting files of tools: what is in them, whether they are fit for it, and pinning them.

`look` runs nothing. `pin` runs each file once, in the process of a tool call, after the user
agreed, and trusts it only if it defines exactly what was shown. In a folder only the files
that are there now are trusted, none in folders within it and none that a link leads to.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from localai.errors import ToolError
from localai.tools import glimpse, owned, registry, source, trusted
from localai.tools.descriptions import Descriptions
from localai.tools.glimpse import Glimpse
from localai.tools.place import File
from localai.tools.trusted import Pin


@dataclass(frozen=True)
class Candidate:
    """A file that can be trusted, with what its text shows. `path` is whole, without links."""

    path: str
    sha256: str
    tools: tuple[Glimpse, ...]


@dataclass(frozen=True)
class Look:
    """`path` is the file or folder itself; `left_out` are sentences on files of the folder that
    cannot be trusted as they are."""

    path: Path
    candidates: tuple[Candidate, ...]
    left_out: tuple[str, ...]


def look(path: Path) -> Look:
    """What can be trusted at a path. Raises ToolError when it is nothing, or must not be."""
    path = _real(path)
    if not path.is_dir():
        _only_ours(path.parent)
        found = Look(path, (_candidate(path),), ())
    else:
        _only_ours(path)
        candidates, left_out = [], []
        for file in sorted(path.glob("*.py")):
            if file.name.startswith("test_") or file.name in ("conftest.py", "__init__.py"):
                continue
            try:
                candidates.append(_candidate(_unlinked(file)))
            except ToolError as error:
                left_out.append(str(error))
        if not candidates:
            raise ToolError(left_out[0] if left_out else f"{path} holds no Python file of tools.")
        found = Look(path, tuple(candidates), tuple(left_out))
    _no_collision(found)
    return found


def pin(found: Look) -> None:
    """Trust what was looked at, in place of what was trusted at that path before.

    Raises ToolError, and trusts nothing, when a file has changed meanwhile or does not
    define what was shown.
    """
    descriptions = Descriptions()
    for candidate in found.candidates:
        said = descriptions.ask(candidate.sha256, File(candidate.path, candidate.sha256))
        if isinstance(said, str):
            raise ToolError(said)
        shown = {each.name: each.effects for each in candidate.tools}
        if {tool.name: tool.effects for tool in said} != shown:
            raise ToolError(
                f"{candidate.path} defines other tools than its text shows, so it is not trusted; "
                "write each as a function at the top of the file under @tool, with its effects "
                "spelt out."
            )
    descriptions.save()
    added = [
        Pin(each.path, each.sha256, tuple(tool.name for tool in each.tools))
        for each in found.candidates
    ]
    trusted.change(lambda pins: [*(p for p in pins if not _at(p, found.path)), *added])


def remove(path: Path) -> tuple[Pin, ...]:
    """Trust the file, or the files of the folder, no longer; which these were.

    They need not be there any more. What a link in the folder leads to counts as in it.
    Raises ToolError when there are none.
    """
    path = Path(os.path.realpath(path.expanduser()))
    linked = {os.path.realpath(file) for file in path.glob("*.py") if file.is_symlink()}
    gone = tuple(p for p in trusted.pins() if _at(p, path) or p.path in linked)
    if not gone:
        raise ToolError(f"Nothing at {path} is trusted; localai tools list shows what is.")
    paths = {pin.path for pin in gone}
    trusted.change(lambda pins: [p for p in pins if p.path not in paths])
    return gone


def _at(pin: Pin, path: Path) -> bool:
    return path in (Path(pin.path), Path(pin.path).parent)


def _real(path: Path) -> Path:
    try:
        return path.expanduser().resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise ToolError(f"There is no file or folder {path}; check the path.") from error


def _unlinked(file: Path) -> Path:
    """The file of a folder. Raises ToolError for a link: what it leads to lies elsewhere, so
    trusting or removing the folder again would not find it."""
    if file.is_symlink():
        raise ToolError(f"{file} is a link; trust the file itself.")
    return file


def _candidate(path: Path) -> Candidate:
    if path.suffix != ".py":
        raise ToolError(f"{path} is no Python file; give a file that ends in .py, or a folder.")
    _only_ours(path)
    data = source.read(str(path))
    tools = glimpse.tools(data, str(path))
    if not tools:
        raise ToolError(
            f"{path} defines no tool; put @tool over a function with a docstring, "
            "as in the file that localai tools new writes."
        )
    return Candidate(str(path), source.digest(data), tools)


def _only_ours(path: Path) -> None:
    """Raise ToolError when others could change it."""
    found = path.stat()
    if owned.foreign(found):
        raise ToolError(f"{path} belongs to somebody else; copy it into a folder of your own.")
    if not owned.open_to_others(found):
        return
    why = f"{path} can be written by others"
    if owned.sticky(found) or found.st_uid != os.getuid():  # that is as it should be
        raise ToolError(f"{why}; copy what you need into a folder of your own.")
    raise ToolError(f"{why}; keep them out first: chmod go-w {shlex.quote(str(path))}")


def _no_collision(found: Look) -> None:
    taken = dict.fromkeys(registry.BUILTIN, f"{registry.OURS} itself")
    for plugin in registry.plugins():
        place = plugin.place
        if not isinstance(place, File) or not _at(Pin(place.path, "", ()), found.path):
            taken |= dict.fromkeys(plugin.names, plugin.origin)
    for candidate in found.candidates:
        for each in candidate.tools:
            if each.name in taken:
                raise ToolError(
                    f"{candidate.path} defines {each.name}, which {taken[each.name]} has already; "
                    "give the function another name."
                )
            taken[each.name] = candidate.path
