"""What bare text stands for, by the schemas that servers send."""

from __future__ import annotations

from typing import Any

import pytest

from localai.tools.parse.schema import alternatives, parameters, value

DEFINED: dict[str, Any] = {
    "Word": {"enum": ["red", "1"]},
    "Either": {"anyOf": [{"$ref": "#/$defs/Word"}, {"type": "null"}]},
    "Again": {"$ref": "#/$defs/Again"},
    "Both": {"anyOf": [{"$ref": "#/$defs/Both"}, {"type": "integer"}]},
    "a/b": {"type": "string"},
}


def meant(text: str, schema: object) -> Any:
    tools = {"f": {"properties": {"it": schema}, "$defs": DEFINED}}
    return value(text, parameters(tools, "f")["it"])


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"$ref": "#/$defs/Word"}, "1", "1"),
        ({"$ref": "#/$defs/a~1b"}, "1", "1"),
        ({"allOf": [{"$ref": "#/$defs/Word"}], "default": "red"}, "1", "1"),
        ({"$ref": "#/$defs/Either"}, "1", "1"),
        ({"$ref": "#/$defs/Either"}, "null", None),
        ({"oneOf": [{"$ref": "#/$defs/Either"}, {"type": "integer"}]}, "2", 2),
        ({"enum": ["true", 2]}, "true", "true"),
        ({"enum": ["true", 2]}, "2", 2),
        ({"const": '"quoted"'}, '"quoted"', '"quoted"'),
        ({"type": "string", "enum": ["a"]}, "12", "12"),
        ({"type": ["string", "null"]}, "12", "12"),
        ({"type": ["string", "null"]}, "null", None),
        ({"type": ["string", "integer"]}, "12", 12),
        ({}, "12", 12),
        ({}, "twelve", "twelve"),
        ({"$ref": "#/$defs/Both"}, "3", 3),
        ({"$ref": "#/$defs/Again"}, "3", 3),
        ({"$ref": "elsewhere"}, "3", 3),
        ({"type": 5, "anyOf": 5, "enum": 5, "allOf": 5, "$ref": 5}, "3", 3),
        (None, "3", 3),
    ],
)
def test_text_is_what_the_schema_says(schema: object, text: str, expected: object) -> None:
    found = meant(text, schema)
    assert (found, type(found)) == (expected, type(expected))


def test_what_stands_around_a_union_holds_in_each_part() -> None:
    schema = {
        "type": "object",
        "properties": {"x": {"type": "null"}},
        "required": ["x"],
        "oneOf": [{"required": ["y"]}, {"properties": {"z": {}}}],
    }
    around = {key: schema[key] for key in ("type", "properties", "required")}
    assert alternatives(schema, {}) == [
        {**around, "required": ["x", "y"]},
        {**around, "properties": {"x": {"type": "null"}, "z": {}}},
    ]
