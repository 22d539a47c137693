"""Tools of installed packages, found by the entry point group `localai.tools`.

    [project.entry-points."localai.tools"]
    words = "wordtools.tools:words"

An entry point names a tool, or with no attribute a module all of whose tools count. Only
the packages' metadata is read here, never their code. To install a package is to trust it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

from localai.errors import ToolError
from localai.tools import modules
from localai.tools.identity import module_hash, tree_hash
from localai.tools.place import Module
from localai.tools.plugin import Plugin

GROUP = "localai.tools"
_TARGET = re.compile(r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*)(:(?P<attribute>[^\W\d]\w*))?")


def installed() -> tuple[Plugin, ...]:
    """One plugin for each module, in the order of the packages' names."""
    places = modules.folders()
    hashed = cache(tree_hash)  # of a package with many modules once
    found: dict[tuple[str, str], list[EntryPoint]] = {}
    for package, point in sorted(entry_points(places, GROUP)):
        found.setdefault((package, point.value.split(":")[0].strip()), []).append(point)
    return tuple(
        _plugin(package, module, points, places, hashed)
        for (package, module), points in found.items()
    )


def entry_points(places: Sequence[str], group: str) -> Iterator[tuple[str, EntryPoint]]:
    """Package name and version, and its entry point, of all in these folders that have the group.
    The first of two of one name counts."""
    seen: set[str] = set()
    for package in distributions(path=list(places)):
        try:
            if group not in (package.read_text("entry_points.txt") or ""):
                continue
            name, version = _known_as(package)
            found = tuple(package.entry_points.select(group=group))
        except Exception:  # metadata that cannot be read hides this package alone
            continue
        if name not in seen:
            seen.add(name)
            yield from ((f"{name} {version}", point) for point in found)


def _known_as(package: Distribution) -> tuple[str, str]:
    """Name and version, from the head of the metadata: parsing all of it takes too long."""
    head = (package.read_text("METADATA") or package.read_text("PKG-INFO") or "").split("\n\n")[0]
    fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    return fields.get("Name", "?").strip(), fields.get("Version", "?").strip()


def _plugin(
    package: str,
    module: str,
    points: Sequence[EntryPoint],
    places: Sequence[str],
    hashed: Callable[[Path], str],
) -> Plugin:
    targets = [_TARGET.fullmatch(point.value.strip()) for point in points]
    attributes = [target["attribute"] for target in targets if target]
    key = problem = ""
    if not all(targets):
        problem = (
            f"The package {package} says {points[0].value!r} where a module and a function "
            "should stand, as in wordtools:words; tell its author."
        )
    elif module.split(".")[0] == "localai":
        problem = f"The package {package} passes off a part of localai as its own; uninstall it."
    else:
        try:
            key = f"{module} {module_hash(module, places, hashed)}"
        except ToolError as error:
            problem = str(error)
    return Plugin(
        place=Module(module),
        origin=package,
        names=tuple(attributes) if all(attributes) else (),
        key=key,
        label=points[0].name,
        problem=problem,
        state="broken" if problem else "new",
    )
