"""Problems: always the same, right, told apart by pool, and not answered by an echo."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import msgspec
import pytest

from localai.evals.final_answer import Wanted, right
from localai.evals.problems.pools import KINDS, SIZES, problems
from localai.evals.task import Example, Pool

POOLS: tuple[Pool, ...] = ("train", "dev", "gate")


def pool(name: Pool) -> list[Example]:
    return [each for kind in problems(name) for each in kind]


@pytest.fixture(scope="module")
def pools() -> dict[Pool, list[Example]]:
    return {name: pool(name) for name in POOLS}


def wording(question: str) -> str:
    """A question without what it is about: its numbers, names and quoted words."""
    return re.sub(r'"[^"]*"|\b[A-Z][a-z]+\b|[\d.,%]+', "#", question)


def test_they_are_the_same_whenever_they_are_made(pools: dict[Pool, list[Example]]) -> None:
    assert pool("dev") == pools["dev"]


def test_there_are_enough_of_each_kind_in_every_level(pools: dict[Pool, list[Example]]) -> None:
    for name in POOLS:
        found = Counter(each.kind for each in pools[name])
        assert list(found) == list(KINDS)
        assert max(found.values()) <= SIZES[name]
    assert min(Counter(each.kind for each in pools["gate"]).values()) >= 100
    levels = Counter((each.kind, each.level) for each in pools["gate"])
    assert len(levels) == 4 * len(KINDS)
    assert min(levels.values()) >= 15


def test_no_question_wording_or_id_is_in_two_pools(pools: dict[Pool, list[Example]]) -> None:
    for first, second in combinations(POOLS, 2):
        for of in (lambda each: each.id, lambda each: each.question):
            assert not set(map(of, pools[first])) & set(map(of, pools[second]))
        both = [{wording(each.question) for each in pools[name]} for name in (first, second)]
        assert not both[0] & both[1]


def test_no_numbers_are_in_two_pools(pools: dict[Pool, list[Example]]) -> None:
    def numbers(name: Pool, kind: str) -> set[tuple[str, ...]]:
        asked = [each.question for each in pools[name] if each.kind == kind]
        return {tuple(re.findall(r"\d+", question)) for question in asked}

    for kind in ("sums", "differences", "products", "sequences", "percent"):
        for first, second in combinations(POOLS, 2):
            assert not numbers(first, kind) & numbers(second, kind), kind


def test_their_own_answers_pass_and_echoes_of_the_question_do_not(
    pools: dict[Pool, list[Example]],
) -> None:
    for each in (each for name in POOLS for each in pools[name]):
        wanted = msgspec.convert(each.extra, Wanted)
        assert right(each.answers[0], each.answers[0], wanted), each
        assert right(f"Answer: {each.answers[0]}", each.answers[0], wanted), each
        told = each.question.replace("?", ".")
        if each.kind != "logic":  # who is told of last may be the tallest
            assert not right(told, each.answers[0], wanted), each


def test_the_answers_are_right(pools: dict[Pool, list[Example]]) -> None:
    sums = [each for each in pools["gate"] if each.kind == "sums"]
    for each in sums:
        assert sum(map(int, re.findall(r"\d+", each.question))) == int(each.answers[0])
    for each in (each for each in pools["gate"] if each.kind == "reversing"):
        word = re.findall(r'"(\w+)"', each.question)[0]
        assert each.answers[0] == word[::-1]
    for each in (each for each in pools["gate"] if each.kind == "logic"):
        facts = re.findall(r"(\w+) is \w+ than (\w+)\.", each.question)
        beaten = {second for _, second in facts}
        assert [each.answers[0]] == [first for first, _ in facts if first not in beaten]
    for each in (each for each in pools["gate"] if each.kind == "percent"):
        share, of = sorted(
            re.findall(r"(\d+)( percent|%)?", each.question), key=lambda it: not it[1]
        )
        assert int(share[0]) * int(of[0]) == 100 * int(each.answers[0])


@pytest.mark.parametrize("name", POOLS)
def test_weekdays_are_counted_right(name: Pool, pools: dict[Pool, list[Example]]) -> None:
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    for each in (each for each in pools[name] if each.kind == "weekdays"):
        (day,) = re.findall("|".join(days), each.question)
        (n,) = map(int, re.findall(r"\d+", each.question))
        back = re.search(r"ago|before|was it|was sent", each.question)
        assert each.answers[0] == days[(days.index(day) + (-n if back else n)) % 7], each
