"""Arguments to begin with when a user picks the tool that should have been used. Pure.

A guess from the words of the question, so that it is quick and without the model; the user
sees it and changes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from localai.tools.tool import Tool

_SUM = re.compile(r"[-(]*\d[\d\s.,()+*/^x×÷-]*[\d)]|\d")  # noqa: RUF001
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*% of (?=\d)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_KINDS = {
    ("date", "day", "start", "end"): re.compile(r"\d{4}-\d\d-\d\d"),
    ("url", "address"): re.compile(r"https?://\S+"),
}
_SIGNS = str.maketrans({"x": "*", "×": "*", "÷": "/", "^": "**"})  # noqa: RUF001


def arguments(tool: Tool, question: str) -> dict[str, Any]:
    """A value for each argument that the tool needs, in their order."""
    schemas = tool.parameters["properties"]
    numbers = iter(_NUMBER.findall(question))
    return {
        name: _value(name, schemas[name], question, numbers) for name in tool.parameters["required"]
    }


def _value(name: str, schema: dict[str, Any], question: str, numbers: Iterator[str]) -> Any:
    if "enum" in schema:
        said = [each for each in schema["enum"] if str(each).casefold() in question.casefold()]
        return (said or schema["enum"])[0]
    kind = str(schema.get("type"))
    if kind in ("integer", "number"):
        number = float(next(numbers, 0))
        return int(number) if kind == "integer" else number
    if kind != "string":
        return {"boolean": True, "array": [], "object": {}}.get(kind)
    return _text(name, question)


def _text(name: str, question: str) -> str:
    """The part of the question that an argument of this name probably wants."""
    if "expr" in name:
        sums = sorted(_SUM.findall(_SHARE.sub(r"\1 / 100 * ", question)), key=len)
        return sums[-1].strip().translate(_SIGNS) if sums else question
    for words, pattern in _KINDS.items():
        found = pattern.search(question)
        if found and any(word in name for word in words):
            return found[0]
    return question.strip()
