"""From a function to a tool: its schema, its refusals, the check of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localai.errors import ArgumentsError, ToolDefinitionError
from localai.tools.tool import EFFECTS, tool


@tool(effects=("reads",))
def find(
    text: str,
    limit: int = 5,
    where: Literal["chats", "notes"] = "chats",
    tags: list[str] | None = None,
    weights: dict[str, float] | None = None,
    *,
    exact: bool = False,
) -> list[str]:
    """Find what was
    written before.

    More, for people.

    Args:
        text: what to look for,
            in any order.
        limit (int): most results.

    Returns:
        nothing: of interest here.
    """
    return [text, str(limit), where, str(tags), str(weights), str(exact)]


def test_a_function_becomes_a_tool() -> None:
    assert (find.name, find.description) == ("find", "Find what was written before.")
    assert find.effects == {"reads"}
    assert find.parameters == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "what to look for, in any order."},
            "limit": {"type": "integer", "default": 5, "description": "most results."},
            "where": {"type": "string", "enum": ["chats", "notes"], "default": "chats"},
            "tags": {
                "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}],
                "default": None,
            },
            "weights": {
                "anyOf": [
                    {"type": "object", "additionalProperties": {"type": "number"}},
                    {"type": "null"},
                ],
                "default": None,
            },
            "exact": {"type": "boolean", "default": False},
        },
        "required": ["text"],
        "additionalProperties": False,
    }


def test_what_is_not_said_counts_as_touching_everything() -> None:
    @tool
    def anything() -> None:
        """Do something."""

    assert anything.effects == set(EFFECTS)


def no_docstring(a: int) -> None: ...
def no_type(a) -> None:  # type: ignore[no-untyped-def]
    """Do."""


def stars(*a: int) -> None:
    """Do."""


def double_stars(**a: int) -> None:
    """Do."""


def positional(a: int, /) -> None:
    """Do."""


def bare_list(a: list) -> None:  # type: ignore[type-arg]
    """Do."""


def numbered(a: dict[int, str]) -> None:
    """Do."""


def bytes_inside(a: list[bytes | None]) -> None:
    """Do."""


def mixed(a: Literal["a", 1]) -> None:
    """Do."""


def unknown_name(a: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Do."""


def wrong_default(a: int = "5") -> None:  # type: ignore[assignment]
    """Do."""


def stranger(a: int) -> None:
    """Do.

    Args:
        b: not there.
    """


async def waits(a: int) -> None:
    """Do."""


def größe(a: int) -> None:
    """Do."""


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (no_docstring, "no_docstring cannot be a tool: it needs a docstring"),
        (no_type, "the argument a has no type"),
        (stars, "each argument must have a name"),
        (double_stars, "each argument must have a name"),
        (positional, "each argument must have a name"),
        (bare_list, "the type list of a cannot be written as JSON"),
        (numbered, "the type dict[int, str] of a cannot"),
        (bytes_inside, "the type bytes of a cannot"),
        (mixed, "Literal['a', 1] of a cannot"),
        (unknown_name, "its annotations cannot be read (name 'Nowhere' is not defined)"),
        (wrong_default, 'the default of a must be a whole number, not "5"'),
        (stranger, "its docstring describes b, which it lacks"),
        (waits, "it must return its result"),
        (größe, "only a function with a plain name can"),
        (print, "only a function with a plain name can"),
    ],
)
def test_what_cannot_be_a_tool_is_refused(function: Callable[..., object], words: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        tool(function)
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_an_unknown_effect_is_refused() -> None:
    with pytest.raises(ToolDefinitionError, match="effects are reads, writes, network, not 'fun'"):
        tool(effects=("fun",))(stranger)  # type: ignore[arg-type]


def test_arguments_that_fit() -> None:
    given = {"text": "a", "limit": 3.0, "tags": ["x"], "weights": {"x": 1}, "exact": True}
    fitted = find.check(given)
    assert fitted == given
    assert type(fitted["limit"]) is int
    assert type(fitted["weights"]["x"]) is float


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "find needs the argument text."),
        (
            {"text": "a", "size": 1},
            'find has no argument "size"; it takes text, limit, where, tags, weights and exact.',
        ),
        ({"text": 5}, "text must be text, not 5."),
        ({"text": None}, "text must be text, not null."),
        ({"text": "a", "limit": "5"}, 'limit must be a whole number, not "5".'),
        ({"text": "a", "limit": 2.5}, "limit must be a whole number, not 2.5."),
        ({"text": "a", "limit": True}, "limit must be a whole number, not true."),
        ({"text": "a", "where": "x"}, 'where must be one of "chats", "notes", not "x".'),
        ({"text": "a", "tags": "x"}, 'tags must be a list or null, not "x".'),
        ({"text": "a", "tags": ["x", 1]}, "tags[1] must be text, not 1."),
        ({"text": "a", "weights": {"x": "y"}}, 'weights.x must be a number, not "y".'),
        ({"text": "a", "exact": 1}, "exact must be true or false, not 1."),
        ({"text": ["a"]}, "text must be text, not a list."),
    ],
)
def test_arguments_that_do_not_fit(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ArgumentsError) as caught:
        find.check(arguments)
    assert str(caught.value) == sentence


def test_a_union_keeps_what_fits_as_it_is() -> None:
    @tool(effects=())
    def half(of: int | float, rest: list[int] | list[str] | None = None) -> float:
        """Halve."""
        return of / 2

    assert type(half.check({"of": 2.0})["of"]) is float
    assert type(half.check({"of": 2})["of"]) is int
    assert half.check({"of": 2, "rest": ["a"]})["rest"] == ["a"]
    with pytest.raises(ArgumentsError, match="rest must be a list or null, not a list"):
        half.check({"of": 2, "rest": [None]})


def test_several_missing_arguments_are_named_together() -> None:
    @tool(effects=())
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    with pytest.raises(ArgumentsError, match="add needs the arguments a and b"):
        add.check({})
    with pytest.raises(ArgumentsError, match="needs the argument b"):
        add.check({"a": 1})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(["text", "limit", "where", "tags", "weights", "exact", "x"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=4))
def test_any_arguments_fit_or_get_one_sentence(arguments: dict[str, Any]) -> None:
    sentence = "Fits."
    try:
        find.function(**find.check(arguments))
    except ArgumentsError as error:
        sentence = str(error)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 400


def test_only_a_built_in_tool_may_keep_files_of_its_own() -> None:
    with pytest.raises(ToolDefinitionError, match="only a built-in tool may keep files"):
        tool(effects=("reads",), own_files=1)(stranger)
