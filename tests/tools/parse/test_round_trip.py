"""Whatever calls are written in a format are read back, however the text is cut."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localai.tools.parse.calls import Context, collect
from localai.tools.parse.minimax import MARK
from tests.tools.parse import writing
from tests.tools.parse.reading import calls, cut, events
from tests.tools.parse.writing import Call

QUOTATIONS = (
    "<tool_call>",
    "</tool_call>",
    "</function>",
    "</think>",
    "[TOOL_CALLS]",
    "<|end|>",
    "<|call|>",
    '"}]',
    "\\",
    "\n\n",
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,15}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and name not in ("true", "false", "null", "item")
)
plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
strings = st.lists(plain | st.sampled_from(QUOTATIONS), max_size=3).map("".join)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars | strings,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=8,
)
plans = st.lists(st.integers(0, 10**6), max_size=12)
few = settings(max_examples=15)


def several(arguments: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[Call]]:
    return st.lists(st.tuples(names, arguments), min_size=1, max_size=3, unique_by=lambda c: c[0])


def schema_of(value: Any) -> dict[str, Any]:
    """The schema of a value, as a tool would state it."""
    if isinstance(value, dict):
        return {"type": "object", "properties": {k: schema_of(v) for k, v in value.items()}}
    if isinstance(value, list):
        return {"type": "array", "items": schema_of(value[0]) if value else {}}
    return {"type": "string"} if isinstance(value, str) else {}


def offered(wanted: Sequence[Call]) -> Context:
    return Context(tools={name: schema_of(arguments) for name, arguments in wanted})


@pytest.mark.parametrize("variant", writing.JSON_WRITERS)
@few
@given(wanted=several(st.dictionaries(strings, values, max_size=3)), places=plans)
def test_json(variant: str, wanted: list[Call], places: list[int]) -> None:
    name, write = writing.JSON_WRITERS[variant]
    parsed = collect(events(name, cut(write(wanted), places)))
    assert calls(parsed) == wanted
    assert (parsed.content, parsed.reasoning) == ("", "")


@pytest.mark.parametrize("variant", writing.TAG_WRITERS)
@few
@given(wanted=several(st.dictionaries(names, values, max_size=3)), places=plans)
def test_tags(variant: str, wanted: list[Call], places: list[int]) -> None:
    name, write, closing = writing.TAG_WRITERS[variant]
    text = write(wanted)
    if any(closing in str(each) for _, arguments in wanted for each in arguments.values()):
        return
    parsed = collect(events(name, cut(text, places), offered(wanted)))
    assert calls(parsed) == wanted
    assert parsed.content == ""


@pytest.mark.parametrize("variant", writing.PYTHON_WRITERS)
@few
@given(wanted=several(st.dictionaries(names, values, max_size=3)), places=plans)
def test_python(variant: str, wanted: list[Call], places: list[int]) -> None:
    name, write = writing.PYTHON_WRITERS[variant]
    parsed = collect(events(name, cut(write(wanted), places), offered(wanted)))
    assert calls(parsed) == wanted
    assert parsed.content == ""


@few
@given(
    wanted=several(
        st.dictionaries(
            names,
            st.recursive(
                scalars | strings,
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner),
                max_leaves=6,
            ),
        )
    ),
    places=plans,
)
def test_gemma(wanted: list[Call], places: list[int]) -> None:
    parsed = collect(events("gemma4", cut(writing.gemma(wanted), places)))
    assert calls(parsed) == wanted


nested = st.recursive(
    strings.filter(lambda text: MARK not in text) | scalars,
    lambda inner: (
        st.lists(strings, min_size=1, max_size=3)
        | st.dictionaries(names, inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@few
@given(wanted=several(st.dictionaries(names, nested, max_size=3)), places=plans)
def test_minimax(wanted: list[Call], places: list[int]) -> None:
    text = writing.minimax(wanted)
    parsed = collect(events("minimax-m3", cut(text, places), offered(wanted)))
    assert calls(parsed) == wanted


@few
@given(wanted=several(st.dictionaries(strings, values, max_size=2)), places=plans)
def test_text_and_reasoning_around_calls(wanted: list[Call], places: list[int]) -> None:
    _, write = writing.JSON_WRITERS["hermes"]
    text = f"<think>\nA call <tool_call> helps.\n</think>\n\nLook:\n{write(wanted)}\nDone."
    parsed = collect(events("hermes", cut(text, places)))
    assert parsed.reasoning == "A call <tool_call> helps."
    assert parsed.content == "Look:\n\nDone."
    assert calls(parsed) == wanted
