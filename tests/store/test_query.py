"""What is typed, taken apart."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.errors import QueryError
from localai.store.query import MOST, Filter, Phrase, parse


@pytest.mark.parametrize(
    ("typed", "fts"),
    [
        ("", ""),
        ("zebra", '"zebra"*'),
        ("zebra ", '"zebra"'),
        ("a zeb", '"a" "zeb"*'),
        ("vitamin c", '"vitamin" "c"'),
        ("don't", '"don\'t"'),
        ("第", '"第"*'),
        ('"night tra', '"night tra"*'),
        ('"night train"', '"night train"'),
        ('say"so', '"say""so"*'),
        ("a -b", '("a") NOT ("b")'),
        ('a -b -"c d"', '("a") NOT ("b" OR "c d")'),
        ("ls --help", '"ls" "--help"*'),
        ("- — * zebra", '"zebra"*'),
        ("note: http://x.y std::map 10:30", '"note:" "http://x.y" "std::map" "10:30"*'),
        ('"colour:red"', '"colour:red"'),
        ("a\0b", '"a" "b"'),
    ],
)
def test_words(typed: str, fts: str) -> None:
    assert parse(typed).fts == fts


def test_filters_may_stand_anywhere_and_be_unwanted() -> None:
    asked = parse('role:User zebra -model:"Big One" tool:web')
    assert asked.wanted == (Phrase("zebra"),)
    assert asked.filters == (
        Filter("role", "user"),
        Filter("model", "big one", unwanted=True),
        Filter("tool", "web"),
    )


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2026", (2026, 1, 1)), ("2026-03", (2026, 3, 1)), ("2026-3-9", (2026, 3, 9))],
)
def test_days(typed: str, day: tuple[int, int, int]) -> None:
    assert parse(f"before:{typed}").filters[0].value == datetime(*day).timestamp()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("colour:red", "There is no filter colour: (there are role:user, "),
        ("colour:red", '"colour:red"'),
        ("role:me", "system, user, assistant or tool, not “me”"),
        ("role:", "not “”"),
        ("has:zebra", "correction or code"),
        ("model:", "Write a name after model:"),
        ("before:2026-13", "not “2026-13”"),
        ("after:soon", "Write a day, month or year after after:"),
    ],
)
def test_a_filter_that_is_none_is_a_sentence(typed: str, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(f"zebra {typed}")
    assert said in str(caught.value)


def test_very_many_words_are_cut() -> None:
    assert len(parse('"' + "word " * 99_999).fts) < 3_000
    assert len(parse("word " * 999).wanted) == len(parse("-word " * 999).unwanted) == MOST


@given(st.text())
def test_nothing_is_an_error_but_a_filter(typed: str) -> None:
    with suppress(QueryError):
        parse(typed)
    asked = parse(typed.replace(":", " "))
    assert asked.filters == ()
    assert asked.fts.count('"') % 2 == 0
