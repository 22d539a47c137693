"""Whatever a grammar allows is a call that parses and fits the schema; which formats have one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from keyword import iskeyword
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localai.constraint import Constraint
from localai.tools import registry
from localai.tools.grammar.formats import CONSTRAINED, LONGEST_TOGETHER, constraints
from localai.tools.parse.calls import Context, Parsed, Rejected, collect
from localai.tools.parse.formats import FORMATS
from tests.tools.grammar.fitting import fits
from tests.tools.grammar.speaking import answer
from tests.tools.parse.reading import events

TOOLS = {tool.name: tool.parameters for tool in map(registry.builtin, registry.BUILTIN)}
NAMES = st.from_regex(r"[a-z_]{1,6}", fullmatch=True).filter(lambda name: not iskeyword(name))

DEFINED: dict[str, Any] = {
    "Word": {"enum": ["red", "1", "true", "null", '"a"', "[2]", " x "]},
    "Text": {"type": "string"},
    "Point": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
    "Either": {"oneOf": [{"$ref": "#/$defs/Word"}, {"type": "integer"}]},
}
REFERENCES = [{"$ref": f"#/$defs/{name}"} for name in DEFINED]

scalars = st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean")])
words = st.text("ab\"'\\\n é😀", max_size=4) | st.sampled_from(["1", "-2.5", "true", "null", "{}"])
choices = st.lists(words, min_size=1, max_size=4, unique=True).flatmap(
    lambda values: st.sampled_from([{"type": "string", "enum": values}, {"enum": values}])
) | st.lists(st.integers(-99, 99), min_size=1, max_size=4, unique=True).map(
    lambda values: {"type": "integer", "enum": values}
)
foreign = st.sampled_from(
    [
        {},
        *REFERENCES,
        *({"allOf": [reference, {"description": "It."}]} for reference in REFERENCES),
        {"type": ["string", "null"]},
        {"type": ["integer", "string"]},
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"enum": ["1", 2, None, "x"]},
        {"const": "x"},
        {"type": "string", "const": "12"},
        {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    ]
)
"""What servers send, beside what `tools.schema` writes."""
schemas = st.recursive(
    scalars | choices | foreign,
    lambda inner: st.one_of(
        inner.map(lambda schema: {"type": "array", "items": schema}),
        inner.map(lambda schema: {"type": "object", "additionalProperties": schema}),
        inner.map(lambda schema: {"anyOf": [*schema.get("anyOf", [schema]), {"type": "null"}]}),
    ),
    max_leaves=3,
)


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, Any]:
    """What `tool` reads off a function, and what servers send."""
    properties = draw(st.dictionaries(NAMES, schemas, max_size=4))
    required = [name for name in properties if draw(st.booleans())]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "$defs": DEFINED,
    }


toolboxes = st.dictionaries(NAMES, parameters(), min_size=1, max_size=3)


def read(format: str, text: str, tools: Mapping[str, Any]) -> Parsed:
    found = events(format, [text], Context(tools))
    refused = [(each.reason, each.raw) for each in found if isinstance(each, Rejected)]
    assert not refused, text
    return collect(found)


def beginning(made: Iterable[Constraint]) -> list[Constraint]:
    """Those that an answer may begin with."""
    return [each for each in made if each.where != "next"]


def sound(format: str, constraint: Constraint, tools: Mapping[str, Any], seed: int) -> None:
    """An answer that the grammar allows is nothing but calls that fit their schemas."""
    text = answer(constraint, seed, constraints(format, tools))
    parsed = read(format, text, tools)
    assert parsed.calls, text
    assert not parsed.content.strip(), text
    for call in parsed.calls:
        assert fits(call.arguments, tools[call.name], tools[call.name]), text


@pytest.mark.parametrize("format", sorted(CONSTRAINED))
@settings(max_examples=12, deadline=None)
@given(tools=toolboxes, seed=st.integers(0, 2**32))
def test_whatever_a_grammar_allows_is_a_call_that_fits(
    format: str, tools: dict[str, Any], seed: int
) -> None:
    made = constraints(format, tools)
    assert made
    for constraint in beginning(made):
        sound(format, constraint, tools, seed)


@pytest.mark.parametrize("format", sorted(CONSTRAINED))
def test_the_built_in_tools_can_all_be_called(format: str) -> None:
    called: set[str] = set()
    made = constraints(format, TOOLS)
    for constraint in beginning(made):
        for seed in range(60):
            text = answer(constraint, seed, made)
            called |= {call.name for call in read(format, text, TOOLS).calls}
    assert called == set(TOOLS)


def test_formats_without_a_grammar_are_not_constrained() -> None:
    assert set(FORMATS) > CONSTRAINED
    for format in {*FORMATS, "unheard of"} - CONSTRAINED:
        assert constraints(format, TOOLS) == ()
    for format in CONSTRAINED:
        assert constraints(format, {}) == ()


def test_prose_and_json_that_only_look_like_a_call_do_not_begin_one() -> None:
    for constraint in constraints("llama3", {"book": TOOLS["clock"]}):
        assert not '{"name": "The Odyssey"}'.startswith(constraint.open)
    (inline,) = constraints("inline", {"clock": TOOLS["clock"]})
    assert (inline.open, inline.where) == ("clock(", "line")


STRANGE: dict[str, Any] = {
    "type": "object",
    "properties": {"from": {"type": "string"}},
    "required": [],
}
UNKNOWN: dict[str, Any] = {"type": "object"}
BROKEN: dict[str, Any] = {"type": "object", "properties": {"a\ud800": {"type": "string"}}}
LISTED: Any = ["no", "object"]
FOREIGN: list[dict[str, Any]] = [{"no name": TOOLS["clock"]}, {"x": BROKEN}, {"x": LISTED}]


@pytest.mark.parametrize("format", ["inline", "pythonic"])
def test_a_tool_that_python_cannot_name_is_left_out(format: str) -> None:
    for name, schema in {"a": STRANGE, "b": UNKNOWN, "get-it": TOOLS["clock"]}.items():
        assert constraints(format, {name: schema}) == ()
        both = constraints(format, {name: schema, "clock": TOOLS["clock"]})
        assert [each.open for each in both] == ["[clock(" if format == "pythonic" else "clock("]
        assert not any(f"{name}(" in each.open + each.grammar for each in both)


@pytest.mark.parametrize("format", sorted(CONSTRAINED))
def test_no_call_of_a_tool_left_out_becomes_one_of_another(format: str) -> None:
    keys = {"type": "object", "properties": {"a>b": {}}, "required": []}
    more = {"lfm2": [{"f": STRANGE}, {"f": UNKNOWN}]}
    for tagged in ("qwen3-coder", "seed-oss", "glm", "minimax-m2", "minicpm"):
        more[tagged] = [{"f": keys}]
    for other in (*FOREIGN, *more.get(format, [])):
        made = constraints(format, {**other, "clock": TOOLS["clock"]})
        assert all("clock" in each.open for each in made)
        assert bool(made) == (format in ("inline", "pythonic", "llama3"))


def test_tools_too_large_for_a_grammar_are_not_constrained() -> None:
    large = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(9000)}}
    assert constraints("hermes", {"large": large}) == ()


@pytest.mark.parametrize("format", ["inline", "pythonic", "llama3", "qwen3-coder"])
def test_grammars_grow_with_the_tools_and_are_bounded_together(format: str) -> None:
    def length(n: int) -> int:
        tools = {f"t{index}_{name}": TOOLS[name] for index in range(n) for name in TOOLS}
        return sum(len(each.grammar) for each in constraints(format, tools))

    assert length(8) < 2.5 * length(4)
    assert length(120) <= LONGEST_TOGETHER


def test_a_call_of_mistral_may_have_an_id() -> None:
    (mistral,) = constraints("mistral", TOOLS)
    texts = [answer(mistral, seed) for seed in range(40)]
    ids = {call.id for text in texts for call in read("mistral", text, TOOLS).calls}
    assert "" in ids
    assert len(ids) > 5
    assert any("[CALL_ID]" in text for text in texts)
