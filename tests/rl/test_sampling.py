"""Samples are verified, chosen from, and rendered as they are to be said."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from localai.conversation import Message
from localai.engine.base import Rendered, RenderOptions
from localai.engine.scripted import ScriptedEngine
from localai.evals.task import Manner, Place
from localai.rl import verdicts
from localai.rl.edge import Cell, Rate
from localai.rl.sampling import LONGER, UNFAITHFUL, Sampler
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


def test_what_the_template_does_not_give_back_is_not_learned(store: Store) -> None:
    class Trimming(ScriptedEngine):
        def render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
            found = super().render(messages, options)
            if options.generation_prompt:
                return found
            return replace(found, ids=found.ids[1:], weights=found.weights[1:])

    place = places.place(store, Trimming(["Paris."]))
    assert {each.outcome for each in attempts(place)} == {UNFAITHFUL, LONGER}
