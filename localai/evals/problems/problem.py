"""What a kind of problem is: how its numbers are drawn, and what is drawn. Values only."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import msgspec

from localai.evals.final_answer import Wanted
from localai.evals.task import Pool

LEVELS = 4


class Stock(msgspec.Struct, frozen=True):
    """What the problems of a pool are about, and nothing in another pool is."""

    pool: Pool
    things: tuple[str, ...]
    words: tuple[str, ...]
    syllables: tuple[tuple[str, ...], ...]
    compared: tuple[tuple[str, str], ...]

    def name(self, draw: random.Random) -> str:
        """An invented name."""
        return "".join(draw.choice(each) for each in self.syllables)

    def names(self, draw: random.Random, count: int) -> list[str]:
        """Invented names, all different."""
        found = list[str]()
        while len(found) < count:
            if (name := self.name(draw)) not in found:
                found.append(name)
        return found


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """The gaps of a question filled, and its answer. Of all problems of a kind those with the
    same `key` are in one pool; `shape` chooses among the wordings of a kind that has several."""

    key: tuple[object, ...]
    fill: Mapping[str, object]
    answer: str
    wanted: Wanted = Wanted()
    shape: str = ""


Draw = Callable[[random.Random, int, Stock], Drawn]
"""Draws a problem of a level, from 1 to LEVELS."""


def listed(terms: list[str]) -> str:
    """Terms as a sentence names them: "3, 4 and 5"."""
    return f"{', '.join(terms[:-1])} and {terms[-1]}"
