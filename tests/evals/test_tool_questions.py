"""Questions about tools: nothing of one pool is in another, and what they want is right."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import Any, get_args

import pytest

from localai.evals.knowledge.pools import data
from localai.evals.task import Example, Pool
from localai.evals.tool_questions.drawing import Draw, share, words
from localai.evals.tool_questions.plugins import plugins, suits
from localai.evals.tool_questions.pool import questions
from localai.evals.tool_questions.sums import LONGEST, value
from localai.tools.builtin.calculator import shown
from localai.tools.registry import BUILTIN, builtin
from localai.tools.tool import EFFECTS, ToolFunction, tool

POOLS: tuple[Pool, ...] = get_args(Pool)
TOOLS = (*BUILTIN,)


def of_kind(pool: Pool, kind: str) -> list[Example]:
    return [each for each in questions(pool, TOOLS) if each.kind == kind]


@pytest.mark.parametrize(("one", "other"), combinations(POOLS, 2))
def test_no_question_is_in_two_pools(one: Pool, other: Pool) -> None:
    asked = {each.question for each in questions(one, TOOLS)}
    assert not asked & {each.question for each in questions(other, TOOLS)}


def wordings(found: Any) -> set[str]:
    """The questions in a part of a file, whatever it is made of."""
    if isinstance(found, str):
        return {found}
    if isinstance(found, dict):
        return set().union(*(wordings(each) for key, each in found.items() if key not in TOLD))
    return set().union(*(wordings(each[:1] if isinstance(each, list) else each) for each in found))


TOLD = ("of", "its", "said", "answer")
"""The keys in the files under which there are no questions."""


@pytest.mark.parametrize("name", ["calculator", "time", "search", "none"])
def test_no_wording_is_in_two_pools(name: str) -> None:
    found = data(f"tools_{name}")
    for one, other in combinations(POOLS, 2):
        assert wordings(found[one])
        assert not wordings(found[one]) & wordings(found[other])


@pytest.mark.parametrize(("one", "other"), combinations(POOLS, 2))
def test_no_number_of_two_digits_is_in_two_pools(one: Pool, other: Pool) -> None:
    def numbers(pool: Pool) -> set[str]:
        plain = re.compile(r"(\d+) [*+-] (\d+)")
        found = (plain.fullmatch(each.arguments["expression"]) for each in of_kind(pool, TOOLS[0]))
        return {each for match in found if match for each in match.groups() if len(each) > 1}

    of_wordings = {"12", "24", "60", "1000"}
    assert len(numbers(one)) > 10
    assert numbers(one) & numbers(other) <= of_wordings


@pytest.mark.parametrize(("one", "other"), combinations(POOLS, 2))
def test_nothing_that_was_said_is_in_two_pools(one: Pool, other: Pool) -> None:
    def its(pool: Pool) -> set[str]:
        return {each.arguments["query"] for each in of_kind(pool, "search")}

    assert its(one)
    assert its(other)
    assert not its(one) & its(other)


def test_the_gate_is_large_and_every_beginning_is_a_fair_sample() -> None:
    found = questions("gate", TOOLS)
    assert len(found) >= 300
    whole = Counter(each.tool for each in found)
    begin = Counter(each.tool for each in found[:60])
    assert len({each.id for each in found}) == len(found)
    for name, count in whole.items():
        assert abs(begin[name] - 60 * count / len(found)) <= 2.5


def test_a_pool_is_the_same_each_time() -> None:
    assert questions("dev", TOOLS) == questions("dev", TOOLS)


def test_only_tools_that_there_are_are_wanted() -> None:
    wanted = {each.tool for each in questions("train", ("calculator", "search_notes"))}
    assert wanted == {"", "calculator", "search_notes"}


@pytest.mark.parametrize("pool", POOLS)
def test_expressions_have_a_short_value(pool: Pool) -> None:
    for example in of_kind(pool, "calculator"):
        found = value(example.arguments["expression"])
        assert found is not None
        assert len(shown(found)) <= LONGEST


@pytest.mark.parametrize("pool", POOLS)
def test_clock_and_calendar_take_what_they_are_given(pool: Pool) -> None:
    for kind in ("clock", "date"):
        found = of_kind(pool, kind)
        assert found
        for example in found:
            asked = builtin(str(example.tool))
            assert isinstance(asked, ToolFunction)
            assert asked.function(**asked.check(example.arguments))


def test_what_was_said_holds_what_is_searched_for_and_what_is_to_be_told() -> None:
    found = of_kind("train", "search")
    there = [each for each in found if each.extra["value"]]
    assert 0.1 < 1 - len(there) / len(found) < 0.3
    for example in there:
        assert example.arguments["query"] in example.extra["said"].casefold()
        assert example.extra["value"] in example.extra["say"][0]


def test_all_of_a_list_is_shared_out() -> None:
    items = [f"item {number}" for number in range(20)]
    parts = [share(items, pool) for pool in POOLS]
    assert sorted(each for part in parts for each in part) == sorted(items)
    assert all(share(items[:7], pool) for pool in POOLS)


def test_numbers_below_a_hundred_are_put_into_words() -> None:
    assert [words(number) for number in (0, 13, 20, 42, 99)] == [
        "zero",
        "thirteen",
        "twenty",
        "forty-two",
        "ninety-nine",
    ]


def test_names_are_invented_anew_for_each_pool() -> None:
    drawn = {pool: {Draw(pool, str(seed)).name() for seed in range(50)} for pool in POOLS}
    assert not drawn["train"] & drawn["gate"]


@tool(effects=())
def dice(sides: int) -> int:
    """Roll a die.

    Args:
        sides: how many it has.
    """
    return sides


@tool(effects=("writes",))
def note(text: str) -> str:
    """Write a note.

    Args:
        text: what to write, such as buy bread.
    """
    return text


@tool(effects=("reads",))
def forecast(place: str) -> str:
    """Look up the weather.

    Args:
        place: the name of a town.
    """
    return place


def test_how_large_an_argument_may_be_costs_nothing() -> None:
    sides = {"type": "integer", "maximum": 10**15}
    great = replace(dice, parameters={"properties": {"sides": sides}, "required": ["sides"]})
    assert len(plugins([great])) == 12


def test_a_server_may_require_what_it_does_not_describe() -> None:
    parameters = {"properties": {}, "required": ["place"]}
    assert not suits(replace(forecast, effects=frozenset(EFFECTS), parameters=parameters))


def test_questions_are_made_for_tools_of_the_users_that_say_enough_of_themselves() -> None:
    found = plugins([dice, note, forecast, builtin("calculator")])
    assert {each.tool for each in found} == {"dice"}
    assert len(found) == 12
    for example in found:
        assert f"sides {example.arguments['sides']}." in example.question
    assert not suits(note)  # it changes something
    assert not suits(forecast)  # what to give it cannot be told
