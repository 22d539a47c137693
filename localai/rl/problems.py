"""The problems of a task by kind and level, handed out so that none comes again before all were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from localai.evals.task import Example
from localai.rl.edge import Cell


def cell_of(example: Example) -> Cell:
    """The cell that a problem is of."""
    return Cell(example.kind, example.level)


class Bank:
    """Problems in their order, which is a fair one. `spent` are the ids of those that were handed
    out before."""

    def __init__(self, problems: Sequence[Example], spent: Collection[str] = ()) -> None:
        self._cells = defaultdict[Cell, list[Example]](list)
        for each in problems:
            self._cells[cell_of(each)].append(each)
        for some in self._cells.values():
            some.sort(key=lambda each: each.id in spent)

    @property
    def cells(self) -> frozenset[Cell]:
        """All that there are."""
        return frozenset(self._cells)

    def take(self, cell: Cell, count: int) -> list[Example]:
        """The next so many of a cell; fewer where it has no more."""
        some = self._cells[cell]
        taken = some[:count]
        self._cells[cell] = some[count:] + taken
        return taken


def easiest(cells: Collection[Cell], levels: int) -> list[Cell]:
    """Of each kind its first so many levels."""
    found = defaultdict[str, list[Cell]](list)
    for cell in sorted(cells):
        found[cell.kind].append(cell)
    return [cell for some in found.values() for cell in some[:levels]]
