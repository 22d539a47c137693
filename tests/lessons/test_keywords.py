"""Questions of few words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.lessons import phrasings
from localai.lessons.keywords import FUNCTION, LEAST, MOST, searched


def test_the_words_that_carry_meaning_with_names_before_or_after_them() -> None:
    assert searched("In which city is the Ivontra bicycle built?") == (
        "city Ivontra bicycle built",
        "Ivontra city bicycle built?",
        "I am thinking of Ivontra city bicycle built.",
        "city bicycle built Ivontra?",
        "What about city bicycle built Ivontra?",
        "I have heard of Ivontra city bicycle built. What do you say?",
    )


@pytest.mark.parametrize(
    "text",
    [
        "What is it?",
        "What is 7*5?",
        "Translate: good evening",
        "Is it big? Is it heavy?",
        "What does\nthis mean here?",
        "one two three four five six seven eight nine",
    ],
)
def test_none_where_too_little_or_too_much_would_be_asked(text: str) -> None:
    assert searched(text) == ()


def test_a_no_stays() -> None:
    assert searched("Which animals are not mammals?")[0] == "animals not mammals"


WORDS = st.sampled_from(("What", "is", "the", "name", "of", "my", "Paris", "cat", "don't", "red"))


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    assert all(each.strip() == each != "" for each in searched(text))


@given(st.lists(WORDS, min_size=1, max_size=12))
def test_the_words_that_are_left_are_all_there_in_every_way(words: list[str]) -> None:
    left = [word for word in words if word.casefold() not in FUNCTION]
    ways = searched(" ".join(words) + "?")
    assert bool(ways) == (LEAST <= len(left) <= MOST)
    assert not ways or ways[0] == " ".join(left)
    assert all(word in each for each in ways for word in left)


def test_remarks_are_not_searched_for() -> None:
    assert "name Joe" not in phrasings.training("My name is Joe.")
    assert "name cat" in phrasings.training("What is the name of my cat?")
