"""Sequences of one cache that share beginnings: which ids each holds, how many cells in all.

Pure bookkeeping, as in `prefix`; `sampling` and `scoring` tell llama.cpp the same. In a
unified cache a fork costs nothing: both sequences own the cells of what they share.
"""

from __future__ import annotations

from collections.abc import Sequence

from localai.engine.prefix import Line


class Forks:
    """`count` lines, all empty at first. `free` are those that hold nothing."""

    def __init__(self, count: int) -> None:
        self.lines = [Line(sequence) for sequence in range(count)]
        self._cells: list[list[int]] = [[] for _ in self.lines]
        self._made = 0

    @property
    def held(self) -> int:
        """Cells in use; one that several lines share counts once."""
        return len(set().union(*self._cells))

    def longest(self, ids: Sequence[int], *, partial: bool, most: int) -> tuple[Line, int]:
        """The line that has most of the beginning of `ids`, and how much, at most `most`."""
        found = [(line.usable(ids, "", partial=partial, most=most), line) for line in self.lines]
        length, line = max(found, key=lambda each: each[0])
        return line, length

    def fork(self, source: Line, target: Line, length: int) -> None:
        """An empty line now shares the first ids of another."""
        target.ids[:] = source.ids[:length]
        self._cells[target.sequence] = self._cells[source.sequence][:length]

    def extend(self, line: Line, ids: Sequence[int]) -> None:
        """These ids were decoded into the line."""
        line.ids.extend(ids)
        self._cells[line.sequence].extend(range(self._made, self._made + len(ids)))
        self._made += len(ids)

    def cut(self, line: Line, length: int) -> None:
        """Only the first ids of a line are left."""
        del line.ids[length:], self._cells[line.sequence][length:]
