"""Answers that say the same in other words are one group; what all repeat says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.evals.agreement import agreement, words


@pytest.mark.parametrize(
    ("texts", "groups"),
    [
        ((), ()),
        (("Paris.",), ((0,),)),
        (("Paris.", "The capital of France is Paris.", "It's Paris!"), ((0, 1, 2),)),
        (
            ("The capital of France is Lyon.", "Paris is the capital of France.", "Paris"),
            ((1, 2), (0,)),
        ),
        (("It ended in 1945.", "It ended in 1944.", "In 1945."), ((0, 2), (1,))),
        (("Yes.", "No.", "Yes, it is."), ((0, 2), (1,))),
        (("1,000 metres", "1000 metres", "100 metres"), ((0, 1), (2,))),
        (("Café noir", "Cafe\u0301 noir.", "CAFE NOIR"), ((0, 1, 2),)),
        (("Paris. It lies on the Seine.", "Paris. Many people live there."), ((0, 1),)),
        (("", "Rome", ""), ((0, 2, 1),)),
    ],
)
def test_answers_are_grouped_by_what_they_say(
    texts: tuple[str, ...], groups: tuple[tuple[int, ...], ...]
) -> None:
    found = agreement(texts)
    assert set(map(frozenset, found.groups)) == set(map(frozenset, groups))
    assert found.share == (len(found.groups[0]) / len(texts) if texts else 0.0)


@given(st.lists(st.text(max_size=20), max_size=8))
def test_every_answer_is_in_one_group_and_the_largest_is_first(texts: list[str]) -> None:
    found = agreement(texts)
    assert sorted(at for group in found.groups for at in group) == list(range(len(texts)))
    sizes = [len(group) for group in found.groups]
    assert sizes == sorted(sizes, reverse=True)


@given(st.text(alphabet="abc ", min_size=1, max_size=20), st.integers(1, 6))
def test_the_same_said_again_agrees(text: str, times: int) -> None:
    assert agreement([text] * times).share == 1.0


def test_words_of_the_question_say_nothing_unless_an_answer_has_no_others() -> None:
    question = "Is the largest city of France Paris or Lyon?"
    texts = ("Paris.", "The largest city of France is Lyon.", "Lyon", "It is Paris.")
    assert agreement(texts, question).groups == ((0, 3), (1, 2))
    said = ("The currency of Japan is the yen.", "The currency of Japan is the won.", "Yen.")
    assert agreement(said, "What is the currency of Japan?").groups == ((0, 2), (1,))


def test_words_are_compared_without_case_accents_and_commas() -> None:
    assert words("São Tomé's 12,500 people") == ["sao", "tome", "12500", "people"]
