"""Markers that overlap, or begin or contain one another: decided the same however cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.engine.base import ReasoningRule
from localai.engine.stream import HIDDEN, PLAIN, SPECIAL, Piece, TextStream

LOOKS = st.sampled_from([PLAIN, PLAIN, SPECIAL, HIDDEN])
WORDS = st.text("ab", min_size=1, max_size=4)
TOKENS = st.lists(st.tuples(st.text("aabbé\n", min_size=1, max_size=6), LOOKS), max_size=12)
RULES = st.builds(ReasoningRule, WORDS, WORDS, st.booleans()).filter(lambda r: r.open != r.close)

Token = tuple[str, str]


def streamed(
    tokens: list[Token], stop: tuple[str, ...], rule: ReasoningRule | None
) -> tuple[str, str, bool, int]:
    """Reasoning, answer, whether it was stopped, how many bytes are kept."""
    stream = TextStream(stop, rule)
    pieces: list[Piece] = []
    for text, look in tokens:
        if not stream.stopped:
            pieces += stream.feed(text.encode(), look)
    pieces += stream.end()
    shown = {"reasoning": "", "text": ""}
    for kind, text in pieces:
        shown[kind] += text
    return shown["reasoning"], shown["text"], stream.stopped, stream.kept


def by_the_character(
    tokens: list[Token], stop: tuple[str, ...], rule: ReasoningRule | None
) -> tuple[str, str, bool, int]:
    """The rule itself: after each character, is a marker complete that counts?"""
    chars = [(char, look) for text, look in tokens for char in text]
    shown = {"reasoning": "", "text": ""}
    inside, begun = rule is not None and rule.inside, 0

    def visible(start: int, end: int) -> str:
        return "".join(char for char, look in chars[start:end] if look != HIDDEN)

    def show(end: int) -> None:
        text = visible(begun, end)
        marked = begun > 0 or (rule is not None and rule.inside)
        shown["reasoning" if inside else "text"] += text.lstrip("\n") if marked else text

    for end in range(1, len(chars) + 1):
        for start in range(begun, end):
            marker = "".join(char for char, _ in chars[start:end])
            if marker in stop:
                show(start)
                kept = sum(len(char.encode()) for char, _ in chars[:start])
                return shown["reasoning"], shown["text"], True, kept
            if rule is None or marker not in (rule.open, rule.close):
                continue
            closes = inside and marker == rule.close
            if closes or chars[start][1] != PLAIN or not visible(begun, start).strip():
                show(start)
                inside, begun = marker == rule.open, end
                break
    show(len(chars))
    return (
        shown["reasoning"],
        shown["text"],
        False,
        sum(len(char.encode()) for char, _ in chars),
    )


@given(TOKENS, st.lists(WORDS, max_size=3).map(tuple), st.none() | RULES)
def test_it_is_decided_by_the_character(
    tokens: list[Token], stop: tuple[str, ...], rule: ReasoningRule | None
) -> None:
    assert streamed(tokens, stop, rule) == by_the_character(tokens, stop, rule)


@pytest.mark.parametrize("cuts", [["xabcd"], ["xabc", "d"], ["x", "a", "b", "c", "d"]])
def test_the_stop_string_that_is_complete_first_ends_it(cuts: list[str]) -> None:
    tokens = [(text, PLAIN) for text in cuts]
    assert streamed(tokens, ("abcd", "bc"), None) == ("", "xa", True, 2)
    assert streamed(tokens, ("abc", "ab"), None) == ("", "x", True, 1)
    assert streamed(tokens, ("bc", "abc"), None) == ("", "x", True, 1)
