"""Finding what begins a call, however the tokens part it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.constraint import Constraint
from localai.engine.base import ReasoningRule
from localai.engine.openings import Found, Openings

TAG = Constraint("<tool_call>", "tag")
LINE = Constraint("sum(", "line", "line")
START = Constraint('{"name"', "start", "start")
ALL = (TAG, LINE, START)
RULE = ReasoningRule("<think>", "</think>")

places = st.lists(st.integers(0, 99), max_size=20)


def begun(pieces: Iterable[str], constraints: Sequence[Constraint] = ALL) -> tuple[str, str] | None:
    """The first opening in the pieces: whose it is, and the text up to its end."""
    openings, text = Openings(constraints, None, inside=False), ""
    for piece in pieces:
        found = openings.completed(piece.encode())
        text += piece
        if found:
            rest = found.rest.decode()
            assert piece.endswith(rest)
            assert len(rest) < len(piece)
            return found.constraint.grammar, text.removesuffix(rest)
        openings.wrote(piece.encode(), inside=False)
    return None


def cut(text: str, places: Iterable[int]) -> list[str]:
    inside = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[a:b] for a, b in pairwise(inside)]


@given(st.text("<tool_cal>sum\n é", max_size=30), places)
def test_a_marker_is_found_wherever_it_is_cut(before: str, places: list[int]) -> None:
    text = f"{before}<tool_call>{{}} and more"
    end = text.index("<tool_call>") + len("<tool_call>")
    assert begun(cut(text, places), [TAG]) == ("tag", text[:end])


@given(st.text("sum( \n", max_size=30), places)
def test_a_name_counts_where_a_line_begins(text: str, places: list[int]) -> None:
    inside = text.find("\nsum(")
    blank = len(text) - len(text.lstrip(" \n"))
    first = blank if text.startswith("sum(", blank) else inside + 1 if inside >= 0 else None
    expected = None if first is None else ("line", text[: first + 4])
    assert begun(cut(text, places), [LINE]) == expected


@given(st.text(" \n", max_size=30), places)
def test_json_counts_as_the_whole_answer_only(space: str, places: list[int]) -> None:
    text = space + '{"name": 1}'
    assert begun(cut(text, places)) == ("start", space + '{"name"')
    assert begun(cut(f"Look:{text}", places)) is None


def test_of_two_openings_the_one_that_is_complete_first() -> None:
    short, long = Constraint("<a", "short"), Constraint("<<a", "long")
    assert begun(["<", "<a<tool_call>"], [TAG, short, long]) == ("long", "<<a")
    assert begun(["x<a", "<<a"], [long, short]) == ("short", "x<a")


def test_reasoning_is_not_watched() -> None:
    openings = Openings(ALL, RULE, inside=True)
    for piece in (b"hm <tool", b"_call>", b"\nsum(1)\n"):
        assert openings.completed(piece) is None
        openings.wrote(piece, inside=True)
    openings.wrote(b"</think", inside=True)
    assert openings.completed(b"><tool_call>") is None  # still within, as far as it is known
    openings.wrote(b">\n\nsum", inside=False)
    assert openings.completed(b"(2") == Found(LINE, b"2", False)


@pytest.mark.parametrize("before", ["", " \n", "Well, ", "x" * 100])
def test_reasoning_in_front_is_no_part_of_the_answer(before: str) -> None:
    openings = Openings(ALL, RULE, inside=False)
    for piece, inside in (
        (before, False),
        *(("<th", False), ("ink>", True), ("sum(" * 40, True), ("</think", True), (">\n", False)),
    ):
        openings.wrote(piece.encode(), inside=inside)
    found = openings.completed(b'{"name"')
    assert found == (None if before.strip() else Found(START, b"", False))


def test_after_a_call_the_next_one_is_found() -> None:
    openings = Openings(ALL, None, inside=False)
    openings.wrote(b"<tool_call>", inside=False)
    openings.ended(b"</tool_call>")
    assert openings.completed(b"sum(") is None
    assert openings.completed(b"\nsum(") == Found(LINE, b"", False)
    assert openings.completed(b'{"name"') is None
    openings.ended(b")\n")
    assert openings.completed(b"sum(") == Found(LINE, b"", False)


def test_what_holds_from_the_beginning() -> None:
    given_ = Constraint("", "all of it")
    openings = Openings([*ALL, given_], RULE, inside=True)
    assert openings.given() is None
    openings.wrote(b"so</think>\n", inside=False)
    assert openings.given() == given_
    openings.ended(b"}")
    assert openings.given() is None
    begun = Openings([given_], None, inside=False)
    begun.wrote(b"Well", inside=False)
    assert begun.given() is None
    assert Openings(ALL, None, inside=False).given() is None


@pytest.mark.parametrize("quote", ["`", '"', "'"])
def test_a_marker_in_quotes_is_a_quotation_unless_it_is_a_token(quote: str) -> None:
    assert begun([f"The marker {quote}<tool", "_call>"]) is None
    assert begun([f"The marker {quote}", "<tool_call>"]) is None
    openings = Openings(ALL, None, inside=False)
    openings.wrote(f"Well, {quote}".encode(), inside=False)
    assert openings.completed(b"<tool_call>", special=True) == Found(TAG, b"", False)


def test_a_marker_that_is_spelled_out_is_told_from_one_that_is_a_token() -> None:
    openings = Openings([Constraint("<a>\n", "it"), LINE], RULE, inside=False)
    openings.wrote(b"So: <a", inside=False)
    spelled = openings.completed(b">\nx")
    assert spelled is not None
    assert (spelled.rest, spelled.spelled) == (b"x", True)
    openings.wrote(b" <a>", inside=False, special=b"\0" + b"\1" * 3)
    by_token = openings.completed(b"\nx")
    assert by_token is not None
    assert (by_token.rest, by_token.spelled) == (b"x", False)


def test_what_follows_a_call_begins_with_its_end() -> None:
    more = Constraint(",", "more", "next")
    openings = Openings([*ALL, more], None, inside=False)
    assert openings.completed(b"a, b,") is None
    assert openings.following(b"),") == more
    assert openings.following(b")]") is None
    assert Openings(ALL, None, inside=False).following(b"),") is None
