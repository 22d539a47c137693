"""What is in the KV cache, kept in Python, and how much of it a new prompt can use.

Pure bookkeeping: llama.cpp is told by `lines` what to remove. A line is one sequence of
the cache. Its key names the adapter its keys and values were computed with, by content
and scale; under another key nothing of it can be used.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from operator import eq


def common(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest common prefix."""
    return sum(1 for _ in takewhile(bool, map(eq, a, b)))


class Line:
    """One sequence: the ids that have been decoded into it, in order."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self.key = ""
        self.ids: list[int] = []

    def usable(self, ids: Sequence[int], key: str, *, partial: bool, most: int) -> int:
        """How many of `ids` need not be read again, at most `most`.

        `partial` False is for models whose state cannot be cut back (recurrent ones):
        there it is the whole line or nothing.
        """
        if key != self.key:
            return 0
        shared = min(common(self.ids, ids), most)
        return shared if partial or shared == len(self.ids) else 0

    def cut(self, length: int, key: str) -> None:
        """Keep the first `length` ids; what follows is computed under `key`."""
        del self.ids[length:]
        self.key = key


def longest(
    lines: Sequence[Line], ids: Sequence[int], *, partial: bool, most: int
) -> tuple[Line, int]:
    """The line that has most of the beginning of `ids` under its own key, and how much."""
    found = [(line.usable(ids, line.key, partial=partial, most=most), line) for line in lines]
    length, line = max(found, key=lambda each: each[0])
    return line, length
