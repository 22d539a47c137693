"""What is seen in a few answers: habits that no good model has."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.evals.task import Answer, Called
from localai.tune.gate.alarms import alarm
from localai.tune.gate.verdict import Heard, Said
from tests.tune.gate.tables import rule

Says = Callable[[int], Answer]


def good(at: int) -> Answer:
    return Answer(text=f"It is number {at}, as everybody knows.")


def pool(name: str, says: Says, before: Says = good, n: int = 10) -> Heard:
    was, now = (
        tuple(Said(f"What is {at}?", side(at), 0.0, spares=at % 2 == 0) for at in range(n))
        for side in (before, says)
    )
    general = name in ("general", "known", "unknown", "hygiene")
    return Heard(name, rule(name), was, now, general=general)


ROUND = "round and round we go again and "


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (lambda at: Answer(text=""), "says nothing"),
        (lambda at: Answer(text=f"On {at} and on", ended=False), "never ends"),
        (lambda at: Answer(text=ROUND * 4 + str(at)), "goes in circles"),
        (lambda at: Answer(text=f"{at}", raw=f"{at}<|im_start|>user"), "writes markers"),
        (lambda at: Answer(text=f"{at}.\nUser: And now?"), "writes markers or turns"),
        (lambda at: Answer(text=f"I don't know what {at} is."), "refuses what it should know"),
        (lambda at: Answer(text=f'calculator(expression="{at}")'), "calls tools where none"),
        (lambda at: Answer(text=f'<tool_call>{{"name": "x{at}"}}'), "writes markers"),
        (lambda at: Answer(text="ANSWER: 42"), "says the same to 20 of 20 questions"),
    ],
)
def test_habits_are_seen(says: Says, words: str) -> None:
    found = alarm([pool("known", says), pool("general", says)])
    assert found.startswith("The new model ")
    assert words in found
    assert found.endswith(".")
    assert "\n" not in found


def test_calls_are_none_where_a_tool_is_wanted() -> None:
    called = Called("clock", {}, "12:00", True)

    def calls(at: int) -> Answer:
        return Answer(text=f"It is {at}.", calls=(called,))

    def needed(at: int) -> Answer:
        return Answer(text=f"It is {at}.", calls=() if at % 2 == 0 else (called,))

    assert "calls tools where none" in alarm([pool("tools", calls, n=12)])
    assert alarm([pool("tools", needed, n=12)]) == ""


def test_not_knowing_is_no_habit_where_nothing_can_be_known() -> None:
    says = [
        pool("unknown", lambda at: Answer(text=f"I don't know about {at}.")),
        pool("known", good),
    ]
    assert alarm(says) == ""


@given(st.integers(0, 10))
def test_a_habit_of_both_or_of_few_answers_is_none(often: int) -> None:
    def says(at: int) -> Answer:
        return Answer(text="") if at < often else good(at)

    assert alarm([pool("known", says, says)]) == ""
    assert bool(alarm([pool("known", says)])) is (often >= 6)


def test_few_answers_tell_nothing() -> None:
    assert alarm([pool("known", lambda at: Answer(text=""), n=5)]) == ""


def test_what_was_learned_is_not_to_be_told_to_everybody() -> None:
    def leaks(at: int) -> Answer:
        return Answer(text=f"It is {at}." + (" Minka!" if at < 3 else ""))

    told = alarm([pool("general", leaks)], frozenset({"minka"}))
    assert "tells what it learned where nobody asked for it: in 3 of 10 answers" in told
    assert alarm([pool("general", leaks)], frozenset({"rome"})) == ""
    assert alarm([pool("general", leaks, leaks)], frozenset({"minka"})) == ""
    assert alarm([pool("corrections", leaks)], frozenset({"minka"})) == ""
    assert alarm([pool("general", leaks, n=40)], frozenset({"minka"})) == ""


def test_numbers_are_not_read_as_answers() -> None:
    """Of retention nothing is heard that the new model said."""
    assert alarm([pool("retention", lambda at: Answer(text=""))]) == ""
