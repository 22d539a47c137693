"""Problems whose answer can be checked, by kind and level, to be answered directly or stepwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

import msgspec

from localai.evals.final_answer import Wanted, final, right
from localai.evals.problems import gym, pools
from localai.evals.task import Answer, Example, Manner, Measure, Place, Pool, Scores, Task


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """Every kind in turn, its levels in turn; those of reasoning-gym where it is installed."""
    kinds: Iterator[Iterator[Example]] = pools.problems(pool)
    if gym.there():
        kinds = chain(kinds, gym.problems(pool))
    return [each for turn in zip_longest(*kinds) for each in turn if each is not None]


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """The share of answers that are right, and of those that ended by themselves."""
    return {
        "right": sum(is_right(example, each) for each in answers) / len(answers),
        "ended": sum(each.ended for each in answers) / len(answers),
    }


def is_right(example: Example, answer: Answer) -> bool:
    """Whether the final answer is the right one; in a problem of reasoning-gym for it, too."""
    wanted, ended = msgspec.convert(example.extra, Wanted), answer.ended
    if not right(answer.text, example.answers[0], wanted, ended=ended):
        return False
    return "gym" not in example.extra or gym.passes(
        example, final(answer.text, wanted, ended=ended)
    )


TASK = Task(
    name="reasoning",
    about="problems with one right answer, from small sums to little stories",
    measures=(
        Measure("right", "the final answer is right"),
        Measure("ended", "ended by itself"),
    ),
    examples=examples,
    score=score,
    manner=Manner(max_tokens=256),
    styles=("direct", "steps"),
)
