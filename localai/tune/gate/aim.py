"""What a run trained for: the pools in which it must become better. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from localai.evals.tasks import own_problems
from localai.question_kinds import OWN
from localai.rl.edge import Cell

CORRECTIONS = "corrections"
OWN_PROBLEMS = own_problems.NAME

OWN_POOLS = {"abstention": "unknown", "tools": "tools", "reasoning": "reasoning"}
"""Data sets that teach what a task asks about, and its pool."""


class Aim(msgspec.Struct, frozen=True):
    """The `targets` are names of pools. Of the reasoning pool it trained for these `cells` (none
    named: all). `reshapes`: every answer may change (a persona, say), so that how far the model
    has moved is told and not judged.
    """

    targets: tuple[str, ...] = (CORRECTIONS,)
    cells: tuple[Cell, ...] = ()
    reshapes: bool = False


def aim(sets: Iterable[str]) -> Aim:
    """What learning these data sets is for; "" is the user's own, and "reasoning" stands for
    learning from problems, too. A set that has no pool is asked about by its own lessons, as
    corrections are."""
    names = tuple(dict.fromkeys(sets))
    targets = dict.fromkeys(OWN_POOLS.get(name, CORRECTIONS) for name in names)
    return Aim(
        targets=tuple(targets),
        reshapes=any(name and name not in OWN_POOLS for name in names),
    )


def with_problems(aim: Aim, cells: Sequence[Cell]) -> Aim:
    """The same for what learned from its own answers to problems of these cells, too; as it is for
    none. Beside something else they come along: they must be kept as all else, but what the user
    taught does not wait until a few problems more are shown to be solved."""
    if not cells:
        return aim
    only_own = all(cell.kind.startswith(OWN) for cell in cells)
    targets = aim.targets or (OWN_PROBLEMS if only_own else OWN_POOLS["reasoning"],)
    return replace(aim, targets=targets, cells=tuple(sorted(cells)))
