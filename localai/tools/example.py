"""A first tool to start from, with a test beside it: what `localai tools new` writes."""

from __future__ import annotations

import keyword
import sys
from pathlib import Path

from localai import paths
from localai.errors import ToolError
from localai.tools import registry
from localai.tools.tool import NAME

TOOL = '''\
"""A tool for localai: {name}. Change it as you like, then trust it again."""

from __future__ import annotations

from localai.tools.tool import tool


@tool(effects=())
def {name}(text: str, unique: bool = False) -> int:
    """Count the words of a text.

    Args:
        text: what to count.
        unique: count each word once, however often it comes.
    """
    found = text.lower().split()
    return len(set(found) if unique else found)
'''
TEST = '''\
"""Tests of {name}: python -m pytest {file}"""

from {name} import {name}


def test_each_word_counts() -> None:
    assert {name}.function("to be or not to be") == 6


def test_a_word_can_count_once() -> None:
    assert {name}.function("To be or not to be", unique=True) == 4


def test_the_model_has_to_give_the_text() -> None:
    assert {name}.parameters["required"] == ["text"]
'''
ARGUMENTS = '{"text": "to be or not to be"}'
"""For a first call."""


def write(name: str, folder: Path | None = None) -> tuple[Path, Path]:
    """Write NAME.py and test_NAME.py into the folder (None: the one for tools); their paths.

    Nothing is overwritten. Raises ToolError.
    """
    _check(name)
    folder = (folder or paths.tools()).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise ToolError(f"{folder} is no folder; give the folder to write {name}.py into.")
    paths.private_dir(folder)
    tool, test = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in (tool, test):
        if path.exists() or path.is_symlink():
            raise ToolError(f"{path} is there already; choose another name or folder.")
    for path, text in ((tool, TOOL), (test, TEST)):
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text.format(name=name, file=test.name))
            path.chmod(0o600)
        except OSError as error:
            raise ToolError(
                f"{path} cannot be written ({error.strerror}); give a folder that is yours."
            ) from error
    return tool, test


def _check(name: str) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ToolError(
            f"{name!r} cannot be the name of a tool; use letters, digits and _, a letter first."
        )
    if name in sys.stdlib_module_names or name in ("localai", "pytest", "tool"):
        raise ToolError(f"{name} is the name of a module that Python needs; choose another one.")
    taken = {plugin_name: p.origin for p in registry.plugins() for plugin_name in p.names}
    taken |= dict.fromkeys(registry.BUILTIN, registry.OURS)
    if name in taken:
        raise ToolError(f"{taken[name]} has a tool {name} already; choose another name.")
