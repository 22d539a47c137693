"""Calls written as Python: `[f(x=1), g(y="a")]` (Llama 4, LFM2), `tool.call(x=1)` after
Llama 3's `<|python_tag|>`, and this project's own inline call.

Nothing is evaluated: the text is parsed into a tree, and only literals are taken from it.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

from localai.conversation import ToolCall
from localai.tools.parse import schema
from localai.tools.parse.answer import Read
from localai.tools.parse.calls import Context, Malformed, Schemas, Unmarked, call
from localai.tools.parse.source import SPACE, Source, Steps

NAME = re.compile(r"[\w.]+")
LONGEST = 2**16
"""Characters of Python that are parsed at once."""

_WORDS = {"true": True, "false": False, "null": None}


def listed(close: str = "") -> Read:
    """Reads `[f(x=1), ...]close`; without `close` the list is the whole answer."""

    def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
        yield from source.run(SPACE)
        if not (yield from source.literal("[")):
            raise Unmarked("no list follows")
        space = yield from source.run(SPACE)
        name = yield from source.run(NAME)
        if not name or (yield from source.peek()) != "(":
            raise Unmarked("no call follows")
        text = yield from source.balanced("\"'", opened=f"[{space}{name}")
        if close:
            yield from source.close(close)
        tree = parse(text)
        if not isinstance(tree, ast.List) or not tree.elts:
            raise Malformed("this is not a list of calls")
        return [call_of(each, context.tools) for each in tree.elts]

    return read


def single(source: Source, context: Context) -> Steps[list[ToolCall]]:
    """Reads `f(x=1)`; `f.call(x=1)` means the same."""
    name = yield from source.run(NAME)
    if not name or (yield from source.peek()) != "(":
        raise Unmarked("no call follows")
    found = call_of(parse(name + (yield from source.balanced("\"'"))), context.tools)
    return [call(found.name.removesuffix(".call"), found.arguments)]


def parse(text: str) -> ast.expr:
    """The tree of an expression. Raises Malformed."""
    if len(text) > LONGEST:
        raise Malformed("the call is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about backslashes in the model's strings
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Malformed("this is not Python") from error


def call_of(node: ast.expr, tools: Schemas) -> ToolCall:
    """The call that an expression stands for. Raises Malformed."""
    if not isinstance(node, ast.Call):
        raise Malformed("this is not a call")
    name = _dotted(node.func)
    names = [*schema.parameters(tools, name)] or ["input"]
    if len(node.args) > len(names):
        raise Malformed("it is not known which parameters the values belong to")
    arguments = {key: literal(value) for key, value in zip(names, node.args, strict=False)}
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in arguments:
            raise Malformed("a parameter has no name, or two values")
        arguments[keyword.arg] = literal(keyword.value)
    return call(name, arguments)


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise Malformed("the tool has no proper name")
    return ".".join([node.id, *reversed(parts)])


def literal(node: ast.expr) -> Any:
    """The value of a literal that JSON can hold. Raises Malformed."""
    match node:
        case ast.Constant(value) if value is None or isinstance(value, str | int | float):
            return value
        case ast.Name(word) if word in _WORDS:
            return _WORDS[word]
        case ast.List(items) | ast.Tuple(items):
            return [literal(item) for item in items]
        case ast.Dict(keys, values) if all(keys):
            return {_key(key): literal(item) for key, item in zip(keys, values, strict=True)}
        case ast.UnaryOp(ast.USub(), ast.Constant(value)) if type(value) in (int, float):
            return -value  # type: ignore[operator]
    raise Malformed("a value is not a literal")


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise Malformed("a key is not a string")
