"""Which of the simple facts a model knows, is unsure of or does not know, by sampled answers."""

from __future__ import annotations

from collections.abc import Sequence

from localai.evals import boundary
from localai.evals.knowledge import facts
from localai.evals.task import Answer, Example, Measure, Place, Pool, Scores, Task


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """The facts of the pool."""
    return facts.questions(pool)


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """On which side it is, and by what."""
    found = boundary.sort(example, answers)
    sides = {side: float(found.side == side) for side in ("known", "unsure", "unknown")}
    return sides | {"right": found.share, "agreement": found.agreed}


TASK = Task(
    name="boundary",
    about="simple facts, asked several times: known, unsure or unknown",
    measures=(
        Measure("known", "most answers are right"),
        Measure("unsure", "some answers are right", better=""),
        Measure("unknown", "hardly an answer is right", better="less"),
        Measure("right", "share of right answers"),
        Measure("agreement", "share of answers that say the same", better=""),
    ),
    examples=examples,
    score=score,
    manner=boundary.MANNER,
)
