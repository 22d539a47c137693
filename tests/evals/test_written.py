"""Our own questions: enough of them, all different, in no two pools, never trained on."""

from __future__ import annotations

import re

import pytest

from localai.evals import written
from localai.evals.task import Pool
from localai.evals.tasks import find
from localai.store.store import Store
from localai.tune import items, replay
from tests.evals.places import place

LEAST: dict[Pool, int] = {"dev": 60, "gate": 200}


def words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))


@pytest.mark.parametrize("name", ["hygiene", "retention"])
def test_questions_are_in_one_pool_and_nowhere_else(store: Store, name: str) -> None:
    there, task = place(store), find(name)
    assert not task.examples(there, "train")
    pools = {pool: task.examples(there, pool) for pool in LEAST}
    every = [example for found in pools.values() for example in found]
    assert all(len(pools[pool]) >= least for pool, least in LEAST.items())
    assert len({each.id for each in every}) == len(every)
    asked = {words(each.question) for each in every}
    assert len(asked) == len(every)
    assert not asked & {words(prompt) for prompt in replay.prompts()}
    assert not asked & {words(item.talk[-1].text) for item in items.general("")}


def test_the_two_tasks_ask_different_things(store: Store) -> None:
    there = place(store)
    one, other = (
        {
            words(each.question)
            for pool in ("dev", "gate")
            for each in find(name).examples(there, pool)
        }
        for name in ("hygiene", "retention")
    )
    assert not one & other


@pytest.mark.parametrize("name", ["hygiene", "retention"])
def test_a_beginning_is_a_fair_sample(store: Store, name: str) -> None:
    found = find(name).examples(place(store), "gate")
    kinds = [each.kind for each in found]
    first = max(set(kinds), key=kinds.count)
    share = kinds.count(first) / len(kinds)
    assert abs(kinds[:60].count(first) / 60 - share) < 0.15
    assert [each.id for each in find(name).examples(place(store), "gate")] == [e.id for e in found]


def test_a_question_names_itself() -> None:
    assert written.named("What is it, then?") == "what-is-it-then"
    assert len(written.named("word " * 100)) == written.LONGEST_NAME
