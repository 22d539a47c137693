"""Problems of reasoning-gym, where that optional package is installed (`localai[reasoning]`).

Only kinds whose answer is one number or one word. Questions are shared out among the pools by a
hash; the wordings of a kind are the package's and the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from localai.evals.problems.pools import SIZES, falls_to, tells
from localai.evals.task import Example, Pool

KINDS = {
    "chain_sum": "number",
    "products": "number",
    "gcd": "number",
    "lcm": "number",
    "leg_counting": "number",
    "letter_counting": "number",
    "gsm_symbolic": "number",
    "spell_backward": "word",
}
"""Data set of reasoning-gym -> what its answers are."""
SEED, SIZE = 20, 4000
FULL = 0.99
"""What the package gives for a right answer. It gives less, but not nothing, to many that only
have the right one in them, and to some as much: it is handed the final answer alone."""


def there() -> bool:
    """Whether the package is installed."""
    return find_spec("reasoning_gym") is not None


def problems(pool: Pool) -> Iterator[Iterator[Example]]:
    """The problems of a pool, kind by kind."""
    for name in KINDS:
        yield _of_kind(name, pool)


def passes(example: Example, found: str) -> bool:
    """Whether the package takes a final answer for right."""
    of = _data_set(example.extra["gym"])
    return float(of.score_answer(answer=found, entry=of[example.extra["at"]])) >= FULL


def _of_kind(name: str, pool: Pool) -> Iterator[Example]:
    of, asked = _data_set(name), set[str]()
    for at in range(SIZE):
        entry = of[at]
        question, answer = entry["question"].strip(), str(entry["answer"])
        if not falls_to(question, pool) or question in asked or tells(question, answer):
            continue
        asked.add(question)
        yield Example(
            id=f"{pool}-gym-{name}-{at}",
            question=question,
            kind=f"gym-{name}",
            answers=(answer,),
            extra={"wants": KINDS[name], "gym": name, "at": at},
        )
        if len(asked) == SIZES[pool]:
            return


@cache
def _data_set(name: str) -> Any:
    return import_module("reasoning_gym").create_dataset(name, seed=SEED, size=SIZE)
