"""The detector of abstention, on a hundred phrasings that abstain and a hundred that do not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.evals.abstention import abstains, denies

PHRASINGS: dict[str, list[str]] = tomllib.loads(
    Path(__file__).with_name("phrasings.toml").read_text("utf-8")
)
ABSTAIN, ANSWER = PHRASINGS["abstain"], PHRASINGS["answer"]


def test_there_are_a_hundred_of_each_and_none_twice() -> None:
    assert (len(ABSTAIN), len(ANSWER)) == (100, 100)
    assert len({*ABSTAIN, *ANSWER}) == 200


@pytest.mark.parametrize("text", ABSTAIN)
def test_who_says_not_to_know_abstains(text: str) -> None:
    assert abstains(text)
    assert abstains(text.upper().replace("'", "\u2019"))


@pytest.mark.parametrize("text", ANSWER)
def test_who_answers_hedges_refuses_or_tells_of_others_does_not_abstain(text: str) -> None:
    assert not abstains(text)


def test_a_denial_is_told_from_an_answer() -> None:
    assert denies("Napoleon never visited the Moon. He lived in the 19th century.")
    assert denies("I don't have enough information about this.")
    assert not denies("Napoleon visited the Moon in 1805. He did not stay.")
    assert denies("No. Bach never won an Oscar.")
    assert not denies("Bach won it in 1955 for No. 29 of his works.")
    assert not denies("")


@given(st.text(max_size=60))
def test_any_text_has_a_verdict(text: str) -> None:
    assert abstains(text) in (True, False)
    assert denies(f"I don't know. {text}")
