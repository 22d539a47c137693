"""The user's own corrections, asked in words that were never trained on: were they learned?

Asked and judged as the gate does it (`items`, `judging`): in the talk in which each was made,
told of the tools that it is about. Its calls are not run. What the gate makes of the answers is
not decided here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from localai.engine.base import Job, Request, Sampled, Sampling
from localai.evals.items import Item, asked
from localai.evals.task import Answer, Example, Manner, Measure, Outcome, Place, Pool, Task
from localai.lessons import lesson, phrasings
from localai.lessons.lesson import Lesson, Unlearnable
from localai.lessons.maker import Fitted, maker_of


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """Each correction and each answer called good, in every other way that is kept out of
    training: the ways of "gate" and those of "dev" are not the same, and there are none to
    train on. First all in one way, then all in the next.

    Raises UsageError when nothing is accepted yet.
    """
    found = []
    for told, fitted in _lessons(place).values():
        for way, text in _ways(told, pool):
            found.append((way, _example(f"{told.id}:{way}", text, told, fitted)))
    return tuple(example for _, example in sorted(found, key=lambda each: each[0]))


def ask(place: Place, task: Task, examples: Sequence[Example], manner: Manner) -> Iterator[Outcome]:
    """The answers, judged as the gate judges them."""
    lessons = _lessons(place)
    items = [_item(example, *lessons[example.id.partition(":")[0]]) for example in examples]
    found = defaultdict[int, dict[int, Answer]](dict)
    for each in place.engine.sample([_job(place, item, manner) for item in items]):
        said = found[each.job]
        said[each.sample] = _answer(each)
        if len(said) == manner.samples:
            answers = tuple(answer for _, answer in sorted(said.items()))
            right = sum(map(items[each.job].right, answers)) / len(answers)
            yield Outcome(examples[each.job], answers, {"right": right})


def _lessons(place: Place) -> dict[str, tuple[Lesson, Fitted]]:
    """What is accepted, by id, as the model is to see it; without what cannot be learned."""
    tools, described = place.toolbox.tools, place.entry.description
    maker = maker_of(place.engine, lambda: tuple(tools.values()), described, place.settings)
    found = {}
    for example in lesson.accepted(place.store):
        try:
            told = lesson.read(place.store, example)
            found[told.id] = told, maker.fit(told)
        except Unlearnable:
            continue
    return found


def _ways(told: Lesson, pool: Pool) -> list[tuple[int, str]]:
    """The ways to ask it in a pool, by their number among all."""
    every = enumerate(phrasings.held_out(told.question))
    return [(way, text) for way, text in every if pool == ("gate", "dev")[way % 2]]


def _example(id: str, text: str, told: Lesson, fitted: Fitted) -> Example:
    calls = [call.name for each in (*told.steps, told.answer) for call in each.calls]
    return Example(
        id=id,
        question=text,
        kind="good answers" if told.source == "good" else "corrections",
        context=fitted.lesson.context,
        answers=(told.chosen,) if told.chosen else (),
        tool=(*calls, "")[0] if fitted.offer else None,
    )


def _item(example: Example, told: Lesson, fitted: Fitted) -> Item:
    (item,) = asked(example.kind, told, fitted, (example.question,))
    return item


def _job(place: Place, item: Item, manner: Manner) -> Job:
    ids = place.engine.render(item.talk, item.options).ids
    chosen = Sampling(temperature=manner.temperature, seed=manner.seed)
    return Job(Request(ids, chosen, manner.max_tokens, visible=item.visible), manner.samples)


def _answer(sampled: Sampled) -> Answer:
    done = sampled.completion
    return Answer(
        text=sampled.text,
        raw=sampled.text,
        reasoning=sampled.reasoning,
        tokens=len(done.ids),
        ended=done.finish_reason == "stop",
        ids=done.ids,
    )


TASK = Task(
    name="corrections",
    about="Your own corrections, asked in words that were never trained on.",
    measures=(Measure("right", "says what the correction says, as the gate judges it"),),
    examples=examples,
    manner=Manner(max_tokens=192),
    ask=ask,
)
