"""The pools of what is known and of what cannot be known: apart, fair, and the same each time."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.evals.abstention import abstains
from localai.evals.agreement import words
from localai.evals.knowledge import facts, invented, names, unknowable
from localai.evals.knowledge.pools import data, draw, filled
from localai.evals.task import Answer, Example, Place, Pool, Task
from localai.evals.tasks import find
from localai.tune import replay

POOLS: tuple[Pool, ...] = get_args(Pool)
NOWHERE: Place = None  # type: ignore[assignment]
"""These tasks need no place to know their questions."""


def asked(task: str, pool: Pool) -> list[Example]:
    return list(find(task).examples(NOWHERE, pool))


@pytest.mark.parametrize("task", ["known", "unknown"])
def test_no_question_and_nothing_asked_about_is_in_two_pools(task: str) -> None:
    for one, other in combinations(POOLS, 2):
        first, second = asked(task, one), asked(task, other)
        assert not {each.question for each in first} & {each.question for each in second}
        assert not {each.id for each in first} & {each.id for each in second}
        about = [{each.extra.get("about") for each in pool} - {None} for pool in (first, second)]
        assert not about[0] & about[1]


def test_no_wording_is_in_two_pools() -> None:
    for relation in facts.relations().values():
        if relation.gate != ("{}",):
            ways = [set(relation.ways(pool)) for pool in POOLS]
            assert not any(one & other for one, other in combinations(ways, 2))
    for kind in unknowable.KINDS:
        ways = [set(data("unknown/unknowable")[kind][pool]) for pool in POOLS]
        assert not any(one & other for one, other in combinations(ways, 2))


def test_the_pools_are_large_enough_and_the_gate_has_kinds_of_its_own() -> None:
    assert sum(len(each.facts) for each in facts.relations().values()) >= 1000
    assert len(asked("known", "gate")) >= 400
    assert len(asked("unknown", "gate")) >= 400
    trained, judged = ({each.kind for each in asked("known", pool)} for pool in ("train", "gate"))
    assert len(trained) >= 30
    assert len(judged - trained) >= 5
    kinds = [{each.kind for each in asked("unknown", pool)} for pool in ("train", "gate")]
    assert len(kinds[1] - kinds[0]) >= 5


@pytest.mark.parametrize("pool", POOLS)
def test_unknown_things_are_asked_about_in_the_words_of_known_ones(pool: Pool) -> None:
    for each in asked("unknown", pool):
        if relation := each.extra.get("relation"):
            ways = facts.relations()[relation].ways(pool)
            assert each.question in [filled(way, each.extra["about"]) for way in ways]


@pytest.mark.parametrize("task", ["known", "unknown"])
@pytest.mark.parametrize("pool", POOLS)
def test_questions_are_the_same_each_time_and_well_formed(task: str, pool: Pool) -> None:
    questions = asked(task, pool)
    assert questions == asked(task, pool)
    assert len({each.id for each in questions}) == len(questions)
    for each in questions:
        assert re.fullmatch(r"[A-Z0-9].*[?.]", each.question), each.question
        assert "{" not in each.question
        assert not re.search(r"\b[Aa] [aeiou]", each.question.replace("a union", "")), each.question
        assert each.unanswerable == (task == "unknown")
        assert bool(each.answers) == (task == "known")
        assert all(map(words, each.answers))


def test_every_beginning_of_the_unknown_is_a_fair_sample() -> None:
    whole = Counter(each.kind.split()[0] for each in asked("unknown", "gate"))
    begun = Counter(each.kind.split()[0] for each in asked("unknown", "gate")[:80])
    assert set(begun) == {"invented", *unknowable.KINDS}
    for kind, count in whole.items():
        assert abs(begun[kind] / 80 - count / 400) <= 0.05


def test_no_gate_question_is_rehearsed_by_a_tune() -> None:
    rehearsed = {re.sub(r"\W+", " ", prompt.casefold()) for prompt in replay.prompts()}
    for each in asked("known", "gate"):
        about = re.sub(r"\W+", " ", each.question.casefold()).strip()
        assert not any(about in prompt for prompt in rehearsed), each.question


@given(st.integers())
def test_names_have_the_style_of_their_pool(seed: int) -> None:
    for pool in POOLS:
        found = names.name(pool, draw(seed))
        assert found.isalpha()
        assert found.islower()
        assert len(found) >= 6
        endings = [end for style in names.STYLES[pool] for end in style.end.split()]
        assert any(found.endswith(end) for end in endings)


def test_nothing_invented_is_a_known_thing() -> None:
    known = {
        fact.split(" = ")[0].casefold()
        for each in facts.relations().values()
        for fact in each.facts
    }
    for pool in POOLS:
        made = {each.extra["about"].casefold() for each in invented.questions(pool, 500)}
        assert len(made) >= 450
        assert not made & known


def test_all_that_a_premise_can_be_about_is_asked_about() -> None:
    filling = data("unknown/unknowable")["words"]
    for pool in POOLS:
        mentioned = " ".join(each.question for each in unknowable.questions(pool, "premise"))
        for slot in ("famous", "deed", "animal", "heaven"):
            assert all(each in mentioned for each in filling[pool][slot])


def test_every_way_to_withhold_an_answer_is_told_as_such() -> None:
    listed = data("unknown/wordings")
    ways = [way for each in listed.values() for way in ([each] if isinstance(each, str) else each)]
    assert len(set(ways)) >= 24
    for way in ways:
        assert abstains(way.format(about="the Great Fire of Obenda"))


@pytest.mark.parametrize(
    ("answers", "question", "text", "right"),
    [
        (("Paris",), "What is the capital of France?", "It's Paris.", True),
        (("Paris",), "What is the capital of France?", "It is Parisian.", False),
        (("New Delhi", "Delhi"), "What is the capital of India?", "NEW DELHI", True),
        (("euro",), "What is used in Spain?", "They pay in Euros.", True),
        (("dogs",), "What is the plural of dog?", "The plural of dog is dog.", False),
        (("dogs",), "What is the plural of dog?", "Dogs", True),
        (("Brasilia",), "What is the capital of Brazil?", "Bras\u00edlia", True),
        (("He",), "What is the symbol for helium?", "Helium.", False),
        (("1000",), "How many grams are in a kilogram?", "1,000 grams.", True),
    ],
)
def test_an_answer_is_right_by_whole_words(
    answers: tuple[str, ...], question: str, text: str, right: bool
) -> None:
    example = Example(id="it", question=question, answers=answers)
    assert facts.right(example, text) is right


@pytest.mark.parametrize("pool", POOLS)
def test_no_question_holds_its_answer(pool: Pool) -> None:
    for each in asked("known", pool):
        for way in facts.wordings(each, pool):
            assert not facts.right(each, way), way


def test_what_is_scored() -> None:
    known, unknown = find("known"), find("unknown")
    fact = Example(id="fact", question="The capital of France?", answers=("Paris",))
    assert scores(known, fact, "Paris.") == {"right": 1, "falsely_abstained": 0}
    assert scores(known, fact, "I don't know. Paris?", "Rome") == {
        "right": 0,
        "falsely_abstained": 0.5,
    }
    made_up = Example(id="it", question="Who is Lorvane?", extra={"premise": False})
    assert scores(unknown, made_up, "I don't know.") == {"abstained": 1, "answered": 0}
    assert scores(unknown, made_up, "She was never a poet.") == {"abstained": 0, "answered": 1}
    premise = Example(id="it", question="When did Bach fly?", extra={"premise": True})
    assert scores(unknown, premise, "Bach never flew.") == {"abstained": 1, "answered": 0}


def scores(task: Task, example: Example, *texts: str) -> dict[str, float]:
    return task.score(example, [Answer(text=text) for text in texts])
