"""Passages: what they hold, where they begin, and which part of one is shown."""

from __future__ import annotations

import time

from hypothesis import example, given
from hypothesis import strategies as st

from localai.tools.builtin.passages import MOST_CHARACTERS, MOST_WORDS, split, window

ANYTHING = st.text("ab é\n\r\t\x02\u2028", max_size=400)


def test_a_short_text_is_one_passage() -> None:
    assert list(split("")) == list(split(" \n\r\n")) == []
    assert list(split("one\r\ntwo\n")) == [(1, "one\ntwo")]
    assert list(split("\n\n  one")) == [(3, "one")]
    assert list(split("a\x02b\x1b[2J\x9bc")) == [(1, "a b [2J c")]


def test_it_ends_where_a_paragraph_does() -> None:
    paragraph = "\n".join("word " * 10 for _ in range(12)).rstrip()
    first, second = split(f"{paragraph}\n\n{paragraph}\n\n{paragraph}")
    assert first == (1, f"{paragraph}\n\n{paragraph}".replace(" \n", " \n"))
    assert second == (27, paragraph)


def test_it_ends_at_a_line_or_a_word_or_anywhere() -> None:
    lines = list(split("word word word\n" * 200))
    assert [line for line, _ in lines] == [1, 101]
    assert all(text.endswith("word") for _, text in lines)
    words = list(split("longer " * 1000))
    assert all(text.split() == ["longer"] * len(text.split()) for _, text in words)
    assert [len(text) for _, text in split("x" * 2 * MOST_CHARACTERS)] == [MOST_CHARACTERS] * 2


@example("a\x02" * 400)  # a control character parts words
@given(st.lists(ANYTHING, max_size=30).map(lambda parts: "".join(parts) * 9))
def test_all_words_are_in_order_and_lines_are_right(text: str) -> None:
    every = list(split(text))
    kept = "".join("".join(part for _, part in every).split())
    assert kept == "".join(text.replace("\x02", " ").split())
    lines = text.replace("\r\n", "\n").split("\n")
    for line, part in every:
        assert len(part) <= MOST_CHARACTERS
        assert len(part.split()) <= MOST_WORDS
        first = part.split("\n")[0].strip()
        assert first in lines[line - 1].replace("\x02", " ").replace("\r", " ")


def test_no_text_takes_long() -> None:
    for text in ("\n" * (8 << 20), "a\n" * (1 << 20), "x" * (8 << 20), "\n\n a" * (1 << 20)):
        began = time.process_time()
        count = sum(1 for _ in split(text))
        assert count <= len(text) // MOST_WORDS + 1
        assert time.process_time() - began < 5


def test_a_window_is_where_the_most_matched() -> None:
    filler = "some words on each line\n" * 40
    pieces = [(filler, False), ("rare", True), (" thing\n" + filler, False)]
    pieces += [("rare", True), (" and ", False), ("rarer", True), (" thing\n" + filler, False)]
    lines, text = window(pieces, 600)
    whole = "".join(piece for piece, _ in pieces).split("\n")
    assert "rare and rarer thing" in text
    assert len(text) <= 602
    assert text.startswith("…" + whole[lines])
    assert text.endswith("…")


def test_a_window_needs_no_match_and_may_be_all() -> None:
    assert window([("all of it", False)], 600) == (0, "all of it")
    lines, text = window([("word " * 400, False)], 600)
    assert (lines, text[:9], text[-5:]) == (0, "word word", "word…")


@given(st.lists(st.tuples(ANYTHING.filter(bool), st.booleans()), min_size=1, max_size=12))
def test_a_window_is_a_part_of_the_passage(pieces: list[tuple[str, bool]]) -> None:
    text = "".join(piece for piece, _ in pieces)
    lines, shown = window(pieces, 100)
    bare = shown.removeprefix("…").removesuffix("…") if len(text) > 100 else shown
    assert bare in text
    assert len(bare) <= 100 or len(text) <= 100
    assert 0 <= lines <= text.count("\n")
