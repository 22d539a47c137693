"""Simple facts: whether the answer is right, and whether it is withheld without need."""

from __future__ import annotations

from collections.abc import Sequence

from localai.evals.abstention import abstains
from localai.evals.knowledge import facts
from localai.evals.task import Answer, Example, Manner, Measure, Place, Pool, Scores, Task


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """The facts of the pool."""
    return facts.questions(pool)


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """The shares of answers that are right, and that abstain."""
    abstained = [abstains(answer.text) for answer in answers]
    right = [
        facts.right(example, answer.text) and not withheld
        for answer, withheld in zip(answers, abstained, strict=True)
    ]
    return {
        "right": sum(right) / len(answers),
        "falsely_abstained": sum(abstained) / len(answers),
    }


TASK = Task(
    name="known",
    about="simple facts that most people know",
    measures=(
        Measure("right", "the answer is right"),
        Measure("falsely_abstained", "says that it does not know", better="less"),
    ),
    examples=examples,
    score=score,
    manner=Manner(max_tokens=48),
)
