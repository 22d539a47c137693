"""Which questions ask the same, by their words: strict, so that little is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.lessons import phrasings, sameness
from localai.lessons.sameness import asks_the_same, content, near

LIBRARY = "When does the library on Mill Street open on Saturdays?"
PRINTER = "What should I do if the printer shows error 42?"
MOONS = "How many moons does Mars have?"
DOG = "What is my dog called?"


@pytest.mark.parametrize(
    ("question", "other"),
    [
        (LIBRARY, "On Saturdays, when is the library on Mill Street open?"),
        ("Who beat Ann?", "Would anybody know who beat Ann?"),
        (LIBRARY, "Does anybody know when the library on Mill Street opens on Saturdays?"),
        (PRINTER, "If the printer shows error 42, what should you do?"),
        (PRINTER, "Would you mind telling me what to do if the printer shows error 42?"),
        (MOONS, "Do you happen to know how many moons there are on Mars?"),
        (DOG, "Do you happen to know what my dog is called?"),
        ("Is it safe to eat raw potatoes?", "Does anybody know if raw potatoes are safe to eat?"),
    ],
)
def test_the_same_in_other_words(question: str, other: str) -> None:
    assert asks_the_same(question, other)


@pytest.mark.parametrize(
    ("question", "other"),
    [
        (LIBRARY, "Does anybody know when the library opens on Saturdays?"),  # which one
        (LIBRARY, "Which library on Mill Street is open on Saturdays?"),
        (LIBRARY, "On Sundays, when does the library open on Mill Street?"),
        (LIBRARY, "On Saturdays, when does the library open on Mill Street?"),  # two moves
        ("How do I get from Oslo to Bergen?", "How do I get from Bergen to Oslo?"),
        ("Does my dog like your cat?", "Does anybody know if your cat likes my dog?"),
        ("Who beat Ann?", "Ann beat who?"),
        ("Is Oslo in Bergen?", "Does anybody know if Bergen is in Oslo?"),
        (PRINTER, "If the printer shows error 43, what should you do?"),
        (PRINTER, "Would you mind telling me if the printer will show error 42?"),
        (PRINTER, "What should I not do if the printer shows error 42?"),
        (MOONS, "Does anybody know how many moons the planet Mars has?"),  # one word more
        (MOONS, "How many moons Mars he have?"),
        (MOONS, "How many moons Mars had not?"),
        ("How much does it cost?", "How much it costs?"),
        ("Are dogs allowed in it?", "Does anybody know if a dog is allowed in it?"),
        (MOONS, "Mars has how few moons, of all the many moons?"),
        (DOG, "Do you happen to know what your dog is called?"),
        (DOG, "Does anybody know what a dog is called?"),
        ("Who is the head of our team?", "What is the head of our team?"),
        ("What is the capital of Zorbland?", "Zorbland is the capital of what country?"),
        ("What is the capital of Zorbland?", "Does anybody know what the capital of Zorbland?"),
    ],
)
def test_another_question(question: str, other: str) -> None:
    assert not asks_the_same(question, other)


def test_copies_are_not_other_words() -> None:
    for copy in (LIBRARY, LIBRARY.lower(), LIBRARY.replace("?", " ?"), f"Hello! {LIBRARY}"):
        assert not asks_the_same(LIBRARY, copy)
    assert near(LIBRARY, LIBRARY.upper())
    assert not near(LIBRARY, "On Saturdays, when does the library open on Mill Street?")


@given(st.sampled_from((LIBRARY, PRINTER, MOONS, DOG, "What is the capital of Zorbland?")))
def test_no_way_by_templates_passes_and_nothing_near_one_that_is_held_out(question: str) -> None:
    for each in (*phrasings.training(question), *phrasings.held_out(question)):
        assert not asks_the_same(question, each)
    for each in (question, *phrasings.held_out(question)):
        assert not asks_the_same(question, f"So, {each[:1].lower()}{each[1:]}")


def test_no_question_begins_as_those_that_are_held_out_do() -> None:
    assert asks_the_same(MOONS, "Can anyone say how many moons Mars has?")
    assert not asks_the_same(MOONS, "Could you say how many moons Mars has?")
    assert not asks_the_same(MOONS, "Hi there, could you say how many moons Mars has?")


def test_words_can_be_bare_of_their_endings() -> None:
    assert content("The library opens.", bare=True) == ("librar", "open")
    assert content("open libraries", bare=True) == ("open", "librar")
    assert content("open libraries") == ("open", "libraries")
    assert content("Do you know what it is?") == ()
    assert not asks_the_same("What is it?", "Do you know what it is?")


def test_nothing_too_long_is_the_same() -> None:
    longer = "Do you happen to know, or could anybody please tell me, how many moons Mars has?"
    assert asks_the_same(MOONS, longer) is (sameness.LONGER >= 9)
