"""The user's own problems as a task, alone or before those of another one."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from localai.evals.averages import means
from localai.evals.problems.own import Own, is_right
from localai.evals.task import Answer, Example, Measure, Place, Pool, Scores, Task
from localai.evals.tasks import reasoning, user_file
from localai.question_kinds import OWN

NAME = "own problems"
SHARE = 4
"""A question may take one of so many parts of the window; tools and the answer need the rest."""


def task(own: Own) -> Task:
    """These problems. The model is told of the user's tools: a call may be asked for."""

    def examples(place: Place, pool: Pool) -> Sequence[Example]:
        return [each for each in own.pool(pool) if _fits(each, place)]

    return replace(
        reasoning.TASK,
        name=NAME,
        about="Your own questions that have one right answer.",
        measures=(Measure("right", "the final answer is right, and the call, if one is wanted"),),
        examples=examples,
        score=score,
        styles=("direct",),
        tools=True,
    )


def before(other: Task, own: Own) -> Task:
    """The other task with these problems before its own; as it is where there are none."""
    mine = task(own)

    def examples(place: Place, pool: Pool) -> Sequence[Example]:
        return [*mine.examples(place, pool), *other.examples(place, pool)]

    def scored(example: Example, answers: Sequence[Answer]) -> Scores:
        of = mine if example.kind.startswith(OWN) else other
        return of.score(example, answers)

    return replace(other, examples=examples, score=scored) if own.problems else other


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """The share of answers that are right."""
    return means([_score(example, each) for each in answers])


def _score(example: Example, answer: Answer) -> Scores:
    called = all(user_file.calls(example, answer).values())
    return {"right": float(called and is_right(example, answer))}


def _fits(example: Example, place: Place) -> bool:
    """Whether the window has room for it, and for all else."""
    texts = (*(each.text for each in example.context), example.question)
    tokens = sum(len(place.engine.tokenize(text)) for text in texts)
    return tokens <= place.engine.load().n_ctx // SHARE
