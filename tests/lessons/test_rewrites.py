"""What a model writes when it is asked for other words, and what of that is kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from localai.conversation import assistant, system
from localai.engine.base import Scores, Scoring
from localai.engine.scripted import Script, ScriptedEngine
from localai.lessons import rewrites
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker
from localai.lessons.rewrites import AGREED, FREE, OPENED, OPENINGS
from tests.lessons.made import lesson

ASKED = "When does the library on Mill Street open?"
TURNED = "the library on Mill Street opens?"
OTHER = "The library on Mill Street opens when?"
ANSWER = "At nine in the morning."
DRAWN = FREE + OPENED * len(OPENINGS)
"""Answers before the one to the question itself."""


class Judging(ScriptedEngine):
    """Finds the answer less likely after the words that are in `worse`, by so many nats."""

    def __init__(self, replies: Sequence[str | Script], worse: dict[str, float]) -> None:
        super().__init__(replies)
        self.worse = worse

    def score(self, questions: Sequence[Scoring]) -> tuple[Scores, ...]:
        prompts = ["".join(self.pieces(asked.prompt)) for asked in questions]
        lost = [sum(n for words, n in self.worse.items() if words in text) for text in prompts]
        return tuple(
            tuple(tuple(-1.0 - less for _ in ids) for ids in asked.continuations)
            for asked, less in zip(questions, lost, strict=True)
        )


def find(
    *said: str, worse: dict[str, float] | None = None, about: Lesson | None = None
) -> tuple[tuple[str, ...], Judging]:
    """What is kept when the model says this, then nothing more that is of use."""
    replies = [*said, *["I do not know."] * (DRAWN - len(said)), ANSWER]
    engine = Judging(replies, worse or {})
    maker = Maker(engine, rewrites=4)
    (found,) = rewrites.find(maker, [about or lesson("At nine.", question=ASKED)])
    return found, engine


def opened(*said: str) -> tuple[str, ...]:
    """The same, after the answers to the ways to ask that leave the beginning open."""
    return (*["I do not know."] * FREE, *said)


def test_other_words_are_kept_and_what_is_something_else_is_not() -> None:
    found, engine = find(ASKED, "It opens at nine.", OTHER, "When does the shop open?", OTHER)
    assert found == (OTHER,)
    assert len(engine.requests) == DRAWN + 1


def test_what_the_model_goes_on_with_is_read_with_its_beginning() -> None:
    found, engine = find(*opened(f" {TURNED}", f" {TURNED}", " you are?"))
    assert found == (f"Does anybody know when {TURNED}",)
    prompts = ["".join(engine.pieces(each.ids)) for each in engine.requests]
    begun = [text for text in prompts if text.endswith("Does anybody know when")]
    assert len(begun) == OPENED
    assert all(ASKED in text for text in prompts)


def test_a_question_that_is_answered_by_yes_or_no_goes_on_with_if() -> None:
    about = lesson("No.", question="Is it safe to eat raw potatoes?")
    found, _ = find(*opened(" raw potatoes are safe to eat?"), about=about)
    assert found == ("Does anybody know if raw potatoes are safe to eat?",)


def test_an_answer_that_is_cut_off_or_asks_twice_is_not_kept() -> None:
    assert find(f"{OTHER} What is it?")[0] == ()
    assert find(f"{OTHER[:-1]} and " + "on and " * 60)[0] == ()


def test_what_is_answered_in_another_way_is_not_kept() -> None:
    assert find(OTHER, worse={OTHER: AGREED * 1.1})[0] == ()
    assert find(OTHER, worse={OTHER: AGREED * 0.9})[0] == (OTHER,)


def test_what_is_answered_most_alike_comes_first() -> None:
    said = opened(*[f" {TURNED}"] * 5)
    worse = {"happen to know": 0.2, "mind telling me": 0.1}
    found, _ = find(*said, worse=worse)
    assert [each.split()[0] for each in found] == ["Does", "Would", "Do"]


def test_an_answer_is_compared_in_the_talk_that_is_learned() -> None:
    about = lesson("At nine.", question=ASKED, context=(system("Be brief."), assistant("Hi.")))
    _, engine = find(OTHER, about=about)
    asked = "".join(engine.pieces(engine.requests[-1].ids))
    assert "Be brief." in asked
    assert asked.index("Be brief.") < asked.index(ASKED)


def test_a_model_that_says_nothing_agrees_with_nothing() -> None:
    engine = Judging([OTHER, *["No."] * (DRAWN - 1), Script("")], {})
    about = lesson("At nine.", question=ASKED)
    assert rewrites.find(Maker(engine, rewrites=4), [about]) == [()]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        (ASKED, True),
        ("when does it open", True),
        ("Write a letter.", False),
        ("Can you write a letter?", False),
        ("I am here.", False),
        ("Who is this?\nAnd that?", False),
        (f"Who is {'very ' * 80}late?", False),
        ("", False),
    ],
)
def test_questions_on_one_line_are_put_in_other_words(question: str, wanted: bool) -> None:
    assert rewrites.wanted(lesson("Yes.", question=question)) is wanted


def test_many_questions_are_put_in_other_words_side_by_side() -> None:
    about = [lesson("So.", question=asked) for asked in (ASKED, "Who is late?", ASKED)]
    drawn = [OTHER, *["Well."] * (DRAWN - 1)]
    engine = Judging([*drawn, *["Well."] * DRAWN, *drawn, ANSWER], {})
    assert rewrites.find(Maker(engine, rewrites=2), about) == [(OTHER,), (), (OTHER,)]
    assert len(engine.requests) == 3 * DRAWN + 2  # no answer to what has no other words


def test_what_is_too_long_to_learn_has_no_other_words() -> None:
    assert find(OTHER, about=lesson("word " * 1100, question=ASKED))[0] == ()
