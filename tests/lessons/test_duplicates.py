"""Which lessons say the same, and which only look alike."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from localai.conversation import ToolCall, assistant, user
from localai.lessons.duplicates import COMPARED, repeated
from tests.lessons.made import lesson


def dropped(*pairs: tuple[str, str]) -> list[int]:
    """Which of the pairs of question and answer, the oldest first, are repeated."""
    lessons = [
        replace(lesson(answer, question=question), id=str(at))
        for at, (question, answer) in enumerate(pairs)
    ]
    return sorted(map(int, repeated(lessons)))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (("My cat's name?", "Minka."), ("My cat's name?", "Minka.")),
        (("What is the name of my cat?", "Minka."), ("what is the name of my cat", "minka")),
        (
            ("Please tell me: what is the capital of France?", "It is Paris."),
            ("What is the capital of France?", "It is Paris."),
        ),
        (
            ("Explain fjords.", "A fjord is a long and narrow inlet, which a glacier made."),
            ("Explain fjords.", "A fjord is a long, narrow inlet that a glacier made."),
        ),
    ],
)
def test_the_newest_of_near_duplicates_stays(
    older: tuple[str, str], newer: tuple[str, str]
) -> None:
    assert dropped(older, newer) == [0]
    assert dropped(newer, older) == [0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("What is 12 + 7?", "It is 19."), ("What is 12 - 7?", "It is 19.")),
        (("What is 12 + 7?", "Easy."), ("What is 13 + 7?", "Easy.")),
        (
            ("Is the old town of Bergen in the west of Norway?", "Yes."),
            ("Is the old town of Tromsø in the west of Norway?", "Yes."),
        ),
        (("When was the composer Grieg born?", "No idea."), ("Where was he, Grieg, born?", "No.")),
        (
            ("When did the long war between the two houses begin?", "I don't know."),
            ("Where did the long war between the two houses begin?", "I don't know."),
        ),
        (("Is a whale a fish?", "Let me think."), ("Is a whale not a fish?", "Let me think.")),
        (("My cat?", "Minka."), ("My cat?", "Minka. She is three years old and likes fish.")),
        (("My cat?", "Minka."), ("My cat?", "Tom.")),
        (
            ("Is Bergen older than Oslo?", "Yes, Bergen is older than Oslo."),
            ("Is Oslo older than Bergen?", "No, Oslo is not older than Bergen."),
        ),
        (("What is 12 - 5?", "The answer is 7."), ("What is 5 - 12?", "The answer is -7.")),
        (("What is 2 + 2 * 3?", "The result is 8."), ("What is 2 * 3 + 3?", "The result is 9.")),
        (("Tell me about you.", "I am a model."), ("Tell me about me.", "I am a model.")),
        (
            ("How do I say thanks in Dutch in a short way?", "You say it in one word: bedankt."),
            ("How do I say hello in Dutch in a short way?", "You say it in one word: hallo."),
        ),
        (("Smile", "!!!"), ("Smile", "???")),
    ],
)
def test_what_only_looks_alike_stays(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert dropped(one, other) == []


def test_only_the_same_talk_and_calls_are_compared() -> None:
    plain = replace(lesson("Minka.", question="And?"), id="plain")
    later = replace(plain, id="later", context=(user("My dog?"), assistant("Rex.")))
    call = replace(plain, id="call", answer=assistant("Minka."))
    calling = replace(call.answer, parts=(*call.answer.parts, ToolCall("c", "look", {"at": 1})))
    assert repeated([plain, later, replace(call, answer=calling)]) == set()
    assert repeated([plain, later, replace(later, id="again")]) == {"later"}


def test_a_correction_stays_where_an_answer_called_good_says_the_same() -> None:
    corrected = lesson("Minka.")
    good = replace(corrected, id="good", source="good")
    assert repeated([corrected, good]) == {"good"}
    assert repeated([good, corrected]) == {"good"}


def test_many_about_the_same_are_compared_with_the_newest_alone() -> None:
    words = [(chr(0x4E00 + 2 * at), chr(0x4E01 + 2 * at)) for at in range(COMPARED + 1)]
    many = [
        replace(lesson(f"{one} {other}", question="Write a word."), id=one) for one, other in words
    ]
    turned = [
        replace(lesson(f"{other} {one}", question="Write a word."), id=other)
        for one, other in words
    ]
    assert repeated([*turned[-1:], *many]) == {turned[-1].id}
    assert repeated([*turned[:1], *many]) == set()
    assert repeated([replace(many[0], id="same"), *many]) == {"same"}
