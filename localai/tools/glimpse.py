"""What a file of tools says it holds, read from its text: nothing of it is run.

This is what a user sees before trusting a file. It knows functions at the top of the file
under a decorator called `tool`; whether that is all the code makes is checked when it
first runs, after the user agreed (`trust`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from localai.errors import ToolError
from localai.tools import docstring
from localai.tools.tool import EFFECTS


@dataclass(frozen=True)
class Glimpse:
    """A tool as its text shows it; `effects` are all there are when they are not spelt out."""

    name: str
    description: str
    effects: frozenset[str]


def tools(data: bytes, path: str) -> tuple[Glimpse, ...]:
    """The tools in a file's text, in its order. Raises ToolError when it is no Python."""
    try:
        tree = ast.parse(data, path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ToolError(f"{path} is no Python that can be read{line}; correct it first.") from error
    found = [_glimpse(node) for node in tree.body if isinstance(node, ast.FunctionDef)]
    return tuple(each for each in found if each)


def _glimpse(node: ast.FunctionDef) -> Glimpse | None:
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        if _name(call.func if call else decorator) == "tool":
            text = docstring.description(ast.get_docstring(node) or "")
            return Glimpse(node.name, text, _effects(call))
    return None


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _effects(call: ast.Call | None) -> frozenset[str]:
    for keyword in call.keywords if call else ():
        if keyword.arg == "effects":
            try:
                given = frozenset(ast.literal_eval(keyword.value))
            except (ValueError, TypeError):
                return frozenset(EFFECTS)
            return given if given <= frozenset(EFFECTS) else frozenset(EFFECTS)
    return frozenset(EFFECTS)
