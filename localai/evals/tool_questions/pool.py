"""The pools of the questions about tools, all kinds mixed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
from msgspec.structs import replace

from localai.evals.task import Example, Pool
from localai.evals.tool_questions.drawing import Draw
from localai.evals.tool_questions.nothings import nothings
from localai.evals.tool_questions.searches import searches
from localai.evals.tool_questions.sums import TOOL, sums
from localai.evals.tool_questions.times import times
from localai.evals.tool_questions.wordings import mixed, wordings


class Sizes(msgspec.Struct, frozen=True):
    """How many questions of each kind a pool holds, at most."""

    sums: int
    times: int
    searches: int
    nothings: int


SIZES: dict[Pool, Sizes] = {
    "train": Sizes(520, 280, 220, 560),
    "dev": Sizes(60, 30, 24, 60),
    "gate": Sizes(110, 66, 50, 150),
}


LED = 0.12
"""The share of questions before which something else is said."""


def questions(pool: Pool, tools: Collection[str]) -> list[Example]:
    """All questions of a pool for the tools that there are."""
    size = SIZES[pool]
    found = [
        sums(pool, size.sums) if TOOL in tools else [],
        [each for each in times(pool, size.times) if each.tool in tools],
        searches(pool, size.searches, tools),
        nothings(pool, size.nothings),
    ]
    return _led(pool, mixed(found))


def _led(pool: Pool, found: list[Example]) -> list[Example]:
    """The questions, some of them after a word or two that mean nothing."""
    draw, leads = Draw(pool, "leads"), wordings("leads")[pool]
    chosen = [draw.random.random() < LED for _ in found]
    return [
        replace(each, question=draw.any(leads) + each.question) if led else each
        for each, led in zip(found, chosen, strict=True)
    ]


def around(examples: Iterable[Example], tools: Collection[str]) -> list[Example]:
    """All questions of the pools that these are of: what is said for them is what is there to be
    searched, however few are asked."""
    ids = {each.id for each in examples}
    pools = [questions(pool, tools) for pool in SIZES]
    return [each for pool in pools if ids & {one.id for one in pool} for each in pool]
