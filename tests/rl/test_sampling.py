"""Samples are verified, chosen from, and rendered as they are to be said."""

from __future__ import annotations

from msgspec.structs import replace

from localai.conversation import assistant, user
from localai.engine.base import Thinking
from localai.evals.task import Manner, Place
from localai.rl import verdicts
from localai.rl.edge import Cell, Rate
from localai.rl.sampling import LONGER, Sampler
from localai.store.discovering import KEPT, Attempt
from localai.store.store import Store
from tests.chat.toolbox import HERMES, Box, call, tool
from tests.evals import places

MANNER = Manner(temperature=0.8, max_tokens=64)
EIGHT = ["Paris.", "It is Paris, of course.", "Lyon.", "Paris." * 3, "Rome"]


def attempts(place: Place, most: int = 2, tools: bool = False) -> list[Attempt]:
    """What is sampled for the first question."""
    task = places.task(tools=tools)
    sampler = Sampler(place, task, MANNER, most)
    return sampler.attempts(task.examples(place, "train")[:1], {}, lambda done, total: None)


def test_every_sample_has_what_becomes_of_it(store: Store) -> None:
    place = places.place(store, EIGHT)
    found = attempts(place, most=1)
    assert [each.sample for each in found] == list(range(4))
    assert [each.outcome for each in found[:3]] == [KEPT, LONGER, verdicts.WRONG]
    assert [each.right for each in found[:3]] == [True, True, False]
    assert {each.kind for each in found} == {"europe"}


def test_what_is_kept_is_rendered_to_its_end(store: Store) -> None:
    place = places.place(store, EIGHT)
    kept = attempts(place, most=1)[0]
    ((begin, end),) = kept.spans
    assert "".join(place.engine.pieces(kept.ids[begin:end])) == "Paris.<|im_end|>"
    assert "".join(place.engine.pieces(kept.ids[:begin])).endswith("assistant\n")


def test_a_rare_right_answer_is_looked_for_longer(store: Store) -> None:
    place = places.place(store, EIGHT)
    task = places.task()
    rates = {Cell("europe", 0): Rate(1, 16)}
    sampler = Sampler(place, task, MANNER, 2)
    found = sampler.attempts(task.examples(place, "train")[:2], rates, lambda done, total: None)
    counts = [sum(each.problem == f"{name}-train" for each in found) for name in ("France", "Peru")]
    assert counts == [32, 4]


def test_a_call_on_the_way_is_learned_with_the_answer(store: Store) -> None:
    box = Box(tool("shout"))
    replies = [*[call("shout", "paris")] * 4, "It is Paris."]
    place = places.place(store, replies, box.box, template=HERMES)
    kept = next(each for each in attempts(place, tools=True) if each.outcome == KEPT)
    asked, told = ("".join(place.engine.pieces(kept.ids[at:to])) for at, to in kept.spans)
    assert "shout" in asked
    assert told == "It is Paris.<|im_end|>"
    between = "".join(place.engine.pieces(kept.ids[kept.spans[0][1] : kept.spans[1][0]]))
    assert "PARIS" in between


def test_what_it_thought_is_learned_with_the_answer(store: Store) -> None:
    thinking = Thinking("<think>", "</think>", switchable=True)
    place = places.place(store, ["<think>It was Lyon once.</think>Paris."], thinking=thinking)
    kept = next(each for each in attempts(place) if each.outcome == KEPT)
    ((begin, end),) = kept.spans
    told = "".join(place.engine.pieces(kept.ids[begin:end]))
    assert told == "<think>It was Lyon once.</think>Paris.<|im_end|>"


def test_what_was_said_before_a_problem_is_not_learned(store: Store) -> None:
    place, task = places.place(store, ["Paris."]), places.task()
    (problem, *_) = task.examples(place, "train")
    asked = replace(problem, context=(user("Hello."), assistant("Paris is nice.")))
    found = Sampler(place, task, MANNER, 1).attempts([asked], {}, lambda done, total: None)
    ((begin, end),) = next(each.spans for each in found if each.outcome == KEPT)
    assert "".join(place.engine.pieces(found[0].ids[begin:end])) == "Paris.<|im_end|>"
