"""Stepwise answers: the split between steps and answer must not depend on the chunks."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.chat import steps
from localai.conversation import Reasoning, Text, assistant, user


def split(chunks: list[str]) -> tuple[str, str]:
    splitter = steps.StepsSplitter()
    pieces = [piece for chunk in chunks for piece in splitter.feed(chunk)] + splitter.end()
    reasoning = "".join(text for kind, text in pieces if kind == "reasoning")
    return reasoning, "".join(text for kind, text in pieces if kind == "text")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2+2 is 4\nAnswer: 4", ("2+2 is 4\n", "4")),
        ("Answer: 4\nAnswer: 5", ("", "4\nAnswer: 5")),
        ("one\n\n**Answer:** four", ("one\n\n", "four")),
        ("the Answer: is inside a line", ("the Answer: is inside a line", "")),
        ("Answers vary\nAns", ("Answers vary\nAns", "")),
        ("### Answer: yes", ("", "yes")),
    ],
)
def test_split(text: str, expected: tuple[str, str]) -> None:
    assert split([text]) == expected


@given(
    st.text(alphabet=list("Answer: *#\nx4"), max_size=40), st.lists(st.integers(0, 40), max_size=6)
)
def test_any_chunking_gives_the_same_split(text: str, cuts: list[int]) -> None:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    chunks = [text[a:b] for a, b in itertools.pairwise(places)]
    assert split(chunks) == split([text])


def test_parts_fold_the_steps() -> None:
    assert steps.parts([("reasoning", "a\n"), ("text", "b")]) == (Reasoning("a"), Text("b"))


def test_a_whole_answer_is_split_at_once() -> None:
    assert steps.split("2+2\n**Answer:** 4") == (Reasoning("2+2"), Text("4"))
    assert steps.split("Just this.\nAns") == (Text("Just this.\nAns"),)


def test_an_answer_without_the_mark_is_shown_whole() -> None:
    assert steps.parts([("reasoning", "just this")]) == (Text("just this"),)
    assert steps.parts([]) == ()


def test_the_question_itself_stays_first() -> None:
    talk = [user("Hi"), assistant("Hello"), user("How many?"), assistant("x"), assistant("y")]
    told = steps.instructed(talk, steps.STEPS)
    assert told[2].text.startswith("How many?\n\n")
    assert [*told[:2], *told[3:]] == [*talk[:2], *talk[3:]]
