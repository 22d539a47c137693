"""What is declared, pinned, installed and imported are the same packages."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as canonical

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BY_NAME_ONLY = {"pysqlite3", "scipy-openblas32"}  # looked for at run time


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return {
        canonical(name): pinned
        for name, _, pinned in (line.partition("==") for line in lines)
        if name and not name.startswith("#")
    }


def closure(names: list[Requirement]) -> set[str]:
    """Everything that the requirements bring along on this platform."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        requirement = waiting.pop()
        name = canonical(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if name in found and not requirement.extras:
            continue
        found.add(name)
        for text in distribution(name).requires or []:
            child = Requirement(text)
            extras = requirement.extras or {""}
            if not child.marker or any(child.marker.evaluate({"extra": e}) for e in extras):
                child.marker = None
                waiting.append(child)
    return found


MAKERS = {"mlx": "mlx"}
"""Modules that platform wheels provide in the name of another distribution."""


def imported(*folders: str) -> set[str]:
    """Distributions that the code of the folders imports, wherever in a file it does."""
    modules: set[str] = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    providers = packages_distributions()
    own = {"localai", "tui", "scripts", "tests"}
    outside = modules - own - set(sys.stdlib_module_names)
    assert outside <= set(providers), f"not installed: {outside - set(providers)}"
    return {MAKERS.get(module, canonical(providers[module][0])) for module in outside}


def test_every_pin_is_one_exact_version_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    odd = [x for x in lines if x and not x.startswith("#") and not re.fullmatch(r"\S+==[\w.]+", x)]
    assert odd == []


def test_everything_installed_is_pinned_at_its_version() -> None:
    declared = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    needed = closure([Requirement(text) for text in declared])
    installed = {name: version(name) for name in needed}
    assert {name: pins().get(name) for name in installed} == installed


def test_build_tools_are_pinned() -> None:
    build = {"cmake", "editables", "hatchling", "ninja", "pip", "scikit-build-core"}
    assert build <= set(pins())


def test_the_program_imports_what_it_declares_and_declares_what_it_imports() -> None:
    declared = {canonical(Requirement(text).name) for text in PROJECT["dependencies"]}
    assert imported("localai", "tui") == declared - BY_NAME_ONLY


def test_the_tests_import_only_what_is_declared() -> None:
    everything = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    declared = {canonical(Requirement(text).name) for text in everything}
    assert imported("tests", "scripts") <= declared
