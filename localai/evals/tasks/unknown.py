"""What cannot be known: invented things, the future, what is private, unnamed or never was."""

from __future__ import annotations

from collections.abc import Sequence

from localai.evals.abstention import abstains, denies
from localai.evals.knowledge import invented, unknowable
from localai.evals.task import Answer, Example, Manner, Measure, Place, Pool, Scores, Task

TURN = ("invented",) * 3 + ("future", "invented", "private", "premise")
TURNS = (*TURN, *TURN, "underspecified", "invented")
"""What is asked for one after the other, again and again."""

SIZES: dict[Pool, int] = {"train": 960, "dev": 208, "gate": 400}


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """The questions of the pool, so many of each kind in every beginning."""
    n = SIZES[pool]
    left = {kind: iter(unknowable.questions(pool, kind)) for kind in unknowable.KINDS}
    left["invented"] = iter(invented.questions(pool, n))
    found = list[Example]()
    for turn in range(n):
        example = next(left[TURNS[turn % len(TURNS)]], None)
        found.append(example or next(left["invented"]))
    return found


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """The share of answers that abstain, or that deny what never was."""
    unknown = denies if example.extra["premise"] else abstains
    abstained = sum(unknown(answer.text) for answer in answers) / len(answers)
    return {"abstained": abstained, "answered": 1 - abstained}


TASK = Task(
    name="unknown",
    about="invented things, the future, what is private, unnamed or never was",
    measures=(
        Measure("abstained", "says that it does not know"),
        Measure("answered", "gives an answer, which is made up", better="less"),
    ),
    examples=examples,
    score=score,
    manner=Manner(max_tokens=48),
)
