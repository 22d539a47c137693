"""Problems whose answer can be checked, by kind and level, to be answered directly or stepwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

import msgspec

from localai.evals.final_answer import Wanted, final, right
from localai.evals.problems import gym, own, pools
from localai.evals.task import Answer, Example, Manner, Measure, Place, Pool, Scores, Task
from localai.evals.tasks import user_file


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """Every kind in turn, its levels in turn; those of reasoning-gym where it is installed, and the
    user's own. Raises UsageError for a file of these that cannot be used."""
    kinds: Iterator[Iterator[Example]] = pools.problems(pool)
    if gym.there():
        kinds = chain(kinds, gym.problems(pool))
    kinds = chain(own.problems(place.settings.tune.problems, pool), kinds)
    return [each for turn in zip_longest(*kinds) for each in turn if each is not None]


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """The share of answers that are right, and of those that ended by themselves."""
    return {
        "right": sum(is_right(example, each) for each in answers) / len(answers),
        "ended": sum(each.ended for each in answers) / len(answers),
    }


def is_right(example: Example, answer: Answer) -> bool:
    """Whether the final answer is a right one; in a problem of reasoning-gym for it, too. Where the
    user asks for a call, it must be made."""
    wanted, ended = msgspec.convert(example.extra, Wanted), answer.ended
    if not any(right(answer.text, each, wanted, ended=ended) for each in example.answers):
        return False
    if not all(user_file.calls(example, answer).values()):
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
