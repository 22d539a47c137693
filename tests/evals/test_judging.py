"""What counts as right: names and numbers, new words, being nearer; accepted phrases."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.evals.judging import accepted, follows, repeats
from localai.evals.task import Answer
from localai.tune import replay
from tests.lessons.made import lesson

GENERAL: list[dict[str, Any]] = tomllib.loads(
    resources.files("localai.tune").joinpath("data/general.toml").read_text("utf-8")
)["item"]


def judged(
    chosen: str,
    said: str,
    *,
    question: str = "What is the name of my cat?",
    rejected: str = "I do not know your cat.",
) -> bool:
    told = lesson(chosen, question=question, rejected=rejected)
    return follows(told, Answer(text=said, ended=True))


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("Your cat is called Minka.", True),
        ("minka!", True),
        ("Your cat is called Minkas.", False),
        ("Your cat is called Tom.", False),
        ("", False),
    ],
)
def test_a_name_must_be_said(said: str, right: bool) -> None:
    assert judged("Your cat is called Minka.", said) is right


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("In 1987, in Lund.", True),
        ("In 1987, in Oslo.", False),
        ("In Lund.", False),
        ("In 19876 in Lund", False),
    ],
)
def test_all_names_and_numbers_must_be_said(said: str, right: bool) -> None:
    assert judged("It was built in Lund in 1987.", said, question="Where?") is right


def test_names_that_the_question_has_tell_nothing() -> None:
    chosen, question = "Anna likes strong coffee.", "What does Anna like?"
    assert judged(chosen, "She likes strong coffee.", question=question)
    assert not judged(chosen, "Anna likes tea.", question=question)


def test_a_capital_at_the_start_of_a_sentence_is_no_name() -> None:
    chosen = "Blue paint. Keep it cool."
    assert judged(chosen, "blue paint, keep cool", question="What do I buy?")


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("warm bread with butter", True),  # all four
        ("warm bread, butter", True),
        ("bread with butter", True),  # 2 of 3: "with" is too common to count
        ("bread", False),
    ],
)
def test_without_names_most_new_words_must_be_said(said: str, right: bool) -> None:
    assert judged("warm bread with butter", said, question="Breakfast?", rejected="No.") is right


def test_common_words_count_when_nothing_else_is_new() -> None:
    chosen, rejected = "That is not his.", "That is hers."
    assert judged(chosen, "not his", question="Well?", rejected=rejected)
    assert not judged(chosen, "That is his, surely.", question="Well?", rejected=rejected)


def test_a_correction_that_only_takes_away_wants_the_shorter_answer() -> None:
    long = "Paris is the capital. Paris is a lovely city, and I would visit it any day."
    short = "Paris is the capital."
    assert judged(short, short, question="Capital?", rejected=long)
    assert not judged(short, long, question="Capital?", rejected=long)


@given(st.text(), st.text(), st.text(min_size=1))
def test_the_rejected_answer_is_never_right_unless_it_says_the_same(
    question: str, rejected: str, chosen: str
) -> None:
    assert not judged(chosen, rejected, question=question, rejected=rejected)


def test_repeats_are_runs_of_words() -> None:
    assert repeats([*"abcde"] * 3)
    assert not repeats([*"abcde", *"abcde", *"abcd"])
    assert not repeats([])
    assert not repeats(["word"] * 6)
    assert repeats(["word"] * 7)


@pytest.mark.parametrize(
    ("said", "ended", "right"),
    [
        ("A lake is still water.", True, True),
        ("A lake is still water.", False, False),
        ("", True, False),
        ("...", True, False),
        ("it is as it was and " * 3, True, False),
    ],
)
def test_without_phrases_an_answer_must_end_and_say_something(
    said: str, ended: bool, right: bool
) -> None:
    assert accepted((), Answer(text=said, ended=ended)) is right


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("They take in Carbon Dioxide.", True),
        ("CO2, of course", True),
        ("carbon and dioxide", False),
        ("cocoa2", False),
    ],
)
def test_phrases_count_as_whole_words(said: str, right: bool) -> None:
    assert accepted(["carbon dioxide", "co2"], Answer(text=said, ended=False)) is right


@pytest.mark.parametrize("item", GENERAL, ids=lambda item: item["ask"])
def test_every_general_item_can_be_answered(item: dict[str, Any]) -> None:
    for phrase in item.get("accept", ()):
        assert accepted(item["accept"], Answer(text=f"It is {phrase.capitalize()}, I think."))
        assert phrase not in item["ask"].casefold().split()
    assert not accepted(item.get("accept", ()), Answer(text=""))
    assert not accepted(item.get("accept", ()), Answer(text=f"{item['ask']} " * 7))


def test_what_is_asked_is_never_replayed() -> None:
    def words(text: str) -> tuple[str, ...]:
        return tuple("".join(c if c.isalnum() else " " for c in text.casefold()).split())

    replayed = {words(prompt) for prompt in replay.prompts()}
    asked = [words(item["ask"]) for item in GENERAL]
    assert len(replayed) == len(replay.prompts())
    assert len(set(asked)) == len(asked)
    assert not replayed.intersection(asked)
