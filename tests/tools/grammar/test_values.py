"""Schemas as servers send them, and the values that their grammars allow."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from localai.tools.grammar.gbnf import Rules, literal
from localai.tools.grammar.values import DEPTH, LONGEST_TEXT, MOST_CHOICES, MOST_ITEMS, Values
from tests.tools.grammar.speaking import Speaker

KEYWORDS = [
    *("type", "enum", "const", "anyOf", "oneOf", "items", "properties", "required"),
    *("additionalProperties", "maxLength", "$ref", "$defs", "allOf", "minimum"),
]

seeds = st.integers(0, 2**32)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYWORDS),
            inner | st.sampled_from(["string", "object", "array", "#/$defs", "#", "#/items"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


def said(schema: object, seed: int) -> Any:
    """A value that the grammar of a property allows; always JSON that can be sent on."""
    rules = Rules()
    root = Values(rules).arguments({"properties": {"it": schema}, "required": ["it"]})
    value = json.loads(Speaker(rules.grammar(root), seed).say())
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    return value["it"]


def nested(value: object) -> int:
    """Lists within lists, at most."""
    return 1 + max(map(nested, value), default=0) if isinstance(value, list) else 0


@settings(deadline=None)
@example({"type": None, "const": "\x85"}, 0)  # which Python takes for the end of a line
@given(anything, seeds)
def test_any_schema_at_all_gives_json(schema: object, seed: int) -> None:
    said(schema, seed)


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_numbers_are_finite_and_whole_ones_exact(seed: int) -> None:
    number = said({"type": "number", "minimum": 5}, seed)
    assert isinstance(number, int | float)
    assert math.isfinite(number)
    whole = said({"type": "integer"}, seed)
    assert isinstance(whole, int)
    assert abs(whole) < 2**53


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"const": {"a": [1, None]}}, [{"a": [1, None]}]),
        ({"enum": ["x", 'y"\n', 3, True, None, "日"]}, ["x", 'y"\n', 3, True, None, "日"]),
        ({"type": ["boolean", "null"]}, [True, False, None]),
        ({"oneOf": [{"const": 1}, {"const": "two"}]}, [1, "two"]),
        ({"type": "string", "maxLength": 0}, [""]),
        ({"type": "object", "properties": {}}, [{}]),
    ],
)
def test_every_value_that_is_spelled_out_is_allowed_and_no_other(
    schema: dict[str, Any], values: list[Any]
) -> None:
    found = [said(schema, seed) for seed in range(100)]
    assert all(value in values for value in found)
    assert all(value in found for value in values)


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_optional_properties_come_in_order_and_required_ones_always(seed: int) -> None:
    names = ["a", "b", "c", "d"]
    schema = {
        "type": "object",
        "properties": {name: {"type": "null"} for name in names},
        "required": ["b", "e"],
    }
    found = list(said(schema, seed))
    assert found == [name for name in [*names, "e"] if name in found]
    assert {"b", "e"} <= {*found}


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_a_reference_is_followed_even_to_itself(seed: int) -> None:
    tree = {
        "type": "object",
        "properties": {"leaf": {"type": "null"}, "more": {"$ref": "#/$defs/tree"}},
        "required": ["leaf"],
    }
    rules = Rules()
    schema = {"properties": {"it": {"$ref": "#/$defs/tree"}}, "required": ["it"]}
    root = Values(rules).arguments({**schema, "$defs": {"tree": tree}})
    value = json.loads(Speaker(rules.grammar(root), seed).say())["it"]
    depth = 0
    while isinstance(value, dict) and "leaf" in value:
        assert value["leaf"] is None
        value, depth = value.get("more"), depth + 1
    assert 0 < depth <= DEPTH


def test_nothing_goes_on_for_ever() -> None:
    text = max(len(said({"type": "string"}, seed)) for seed in range(200))
    items = max(
        len(said({"type": "array", "items": {"type": "null"}}, seed)) for seed in range(200)
    )
    assert (text, items) == (LONGEST_TEXT, MOST_ITEMS)
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(40):
        deep = {"type": "array", "items": deep}
    assert max(nested(said(deep, seed)) for seed in range(50)) == DEPTH


def test_an_enumeration_too_long_to_spell_out_may_be_anything() -> None:
    values = [f"v{n}" for n in range(MOST_CHOICES + 1)]
    assert any(said({"enum": values}, seed) not in values for seed in range(20))


def test_text_of_any_kind_is_written_as_a_literal() -> None:
    text = '"\\\n\r\t\x01[]é日{}|'
    assert Speaker(f"root ::= {literal(text)}", 0).say() == text
