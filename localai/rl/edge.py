"""Where the model can learn from itself: what it gets right sometimes, but not always. Pure.

A cell is a kind of problem in a level. What is always wrong gives nothing to keep, what is always
right nothing to become better at. A kind that is mastered goes on in the next level (a curriculum,
Bengio et al. 2009, "Curriculum learning").
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import msgspec

from localai.question_kinds import OWN

MASTERED = 0.85
"""From this share right on a cell has little more to teach."""
FAINT = 0.03
"""Up to this share right hardly any sample is worth its time."""

RIGHT = 2
"""So many right answers to each problem are aimed at."""
FIRST, FEWEST, MOST = 4, 8, 32
"""Samples of a problem: of one whose cell was not asked before, and of others."""

COOLEST, HOTTEST = 0.5, 1.2
STEP = 0.1
FEW, ALIKE = 0.4, 0.1
"""Below this share of problems with a right answer sampling gets cooler; with less than that
between one sample and many it gets hotter, since all say the same."""


class Cell(msgspec.Struct, frozen=True, order=True):
    """A kind of problem in a level (0: it has none)."""

    kind: str
    level: int


class Rate(msgspec.Struct, frozen=True):
    """So many of n samples were right."""

    right: int
    n: int

    @property
    def share(self) -> float:
        """The share right; 0 for no samples."""
        return self.right / self.n if self.n else 0.0


Rates = Mapping[Cell, Rate]


def chosen(rates: Rates, most: int) -> list[Cell]:
    """The cells at the edge, at most so many, those first where samples differ most: a share p is
    right, and p (1 - p) is the variance of what is learned from. Up to half are the user's own,
    wherever they would stand; more only where there are not enough others."""
    there = [cell for cell, rate in rates.items() if FAINT < rate.share < MASTERED]
    there.sort(key=lambda cell: (-_variance(rates[cell]), cell))
    own = [cell for cell in there if cell.kind.startswith(OWN)][: most // 2]
    rest = [cell for cell in there if cell not in own]
    return (own + rest)[:most]


def mastered(rates: Rates, offered: Collection[Cell]) -> list[Cell]:
    """The next level of each cell that is mastered, where there is one that was not tried."""
    above = (
        Cell(cell.kind, cell.level + 1)
        for cell, rate in sorted(rates.items())
        if rate.share >= MASTERED
    )
    return [cell for cell in above if cell in offered and cell not in rates]


def samples(rate: Rate) -> int:
    """How many of a problem make RIGHT right ones likely: a power of two."""
    wanted = min(MOST, max(FEWEST, RIGHT / max(rate.share, 1e-9)))
    return int(2 ** math.ceil(math.log2(wanted)))


def temperature(now: float, pass_1: float, pass_n: float) -> float:
    """What to sample with next, after a round with these shares right."""
    if pass_n < FEW:
        now -= STEP
    elif pass_n - pass_1 < ALIKE:
        now += STEP
    return round(min(HOTTEST, max(COOLEST, now)), 2)


def rates(answers: Sequence[tuple[Cell, bool]]) -> dict[Cell, Rate]:
    """Of each cell, from whether each of its samples was right."""
    found = dict[Cell, Rate]()
    for cell, right in answers:
        was = found.get(cell, Rate(0, 0))
        found[cell] = Rate(was.right + right, was.n + 1)
    return found


def _variance(rate: Rate) -> float:
    return rate.share * (1 - rate.share)
