"""What a plugin says of its tools is a stranger's: only what a call can be checked against."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localai.errors import ArgumentsError, ToolError
from localai.tools.builtin.calculator import calculator
from localai.tools.descriptions import read
from localai.tools.place import Module
from tests.tools import strange

PLACE = Module("wordtools")


def told(**changes: Any) -> dict[str, Any]:
    """A good description with changes."""
    return strange.echo.told() | changes


def with_schema(schema: Any) -> dict[str, Any]:
    parameters = strange.echo.parameters
    return told(parameters=parameters | {"properties": {"text": schema}, "required": ["text"]})


def test_every_tool_comes_back_as_it_was() -> None:
    tools = [calculator, strange.echo, strange.write]
    said = json.loads(json.dumps([tool.told() for tool in tools]))
    for tool, found in zip(tools, read(said, PLACE), strict=True):
        assert found.told() == tool.told()
        assert found.place == PLACE
    with pytest.raises(ArgumentsError, match="text must be text"):
        read(said, PLACE)[1].check({"text": 1})


def deep(levels: int) -> Any:
    schema: Any = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "number", "enum": [1.5, 2]},
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "null"}}]},
        {"type": "object", "additionalProperties": {"type": "boolean"}},
        deep(15),
    ],
)
def test_a_schema_that_can_be_checked(schema: Any) -> None:
    (tool,) = read([with_schema(schema)], PLACE)
    with pytest.raises(ArgumentsError):
        tool.check({"text": object()})


WRONG: dict[str, list[Any]] = {
    "name": ["", "a b", "\x1b[31m", 3, None, ["x"]],
    "description": [None, 3, []],
    "effects": [None, "reads", ["magic"], [[]], {}],
    "needs": ["everything", 3, []],
    "parameters": [
        None,
        [],
        {},
        {"type": "object"},
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {}, "required": ["x"]},
        {"type": "object", "properties": {}, "required": [{}]},
    ],
}

SCHEMAS: list[Any] = [
    None,
    {},
    {"type": "text"},
    {"type": ["string"]},
    {"type": {}},
    {"type": "array"},
    {"type": "array", "items": 3},
    {"type": "object"},
    {"type": "object", "additionalProperties": True},
    {"type": "string", "enum": 3},
    {"type": "string", "description": 3},
    {"anyOf": 3},
    {"anyOf": [{}]},
    {"anyOf": [{"anyOf": [{"type": "string"}]}]},
    deep(50),
]


@pytest.mark.parametrize(
    "found",
    [
        *[told(**{key: value}) for key, values in WRONG.items() for value in values],
        *[with_schema(each) for each in SCHEMAS],
        3,
        None,
        [],
        {},
    ],
)
def test_what_is_none_is_refused(found: Any) -> None:
    with pytest.raises(ToolError, match="wordtools describes a tool in a way that cannot be used"):
        read([found], PLACE)


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(ToolError, match="tells nothing"):
        read({"name": "words"}, PLACE)
