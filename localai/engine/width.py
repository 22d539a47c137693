"""How many sequences to decode side by side: as many as this machine is fastest with.

A step costs the reading of all weights, however many sequences it serves, until computing
costs more than reading; attention over many long sequences costs on top. Where the best
width lies depends on machine, model and length, so it is found while sampling. Pure.
"""

from __future__ import annotations

import statistics

START = 8
"""Where the search begins. It comes from below: a wider batch fills at once, a narrower one
only as sequences end."""

STEPS = 6
"""Steps with one width before it is judged."""

GAIN = 1.03
"""A batch twice as wide must be faster by this factor: it takes more memory, and each of its
sequences ends later."""


class Width:
    """`best` is how many to keep running, at most `most`; `start` was good before."""

    def __init__(self, most: int, start: int = START) -> None:
        self._most = most
        self._seconds: list[float] = []
        self._slower: tuple[int, float] | None = None
        self._settled = False
        self.best = min(start, most)

    def took(self, sequences: int, seconds: float) -> None:
        """A step of that many sequences took so long."""
        if self._settled or sequences != self.best:
            return
        self._seconds.append(seconds)
        if len(self._seconds) == STEPS:
            self._judge(self.best / statistics.median(self._seconds))
            self._seconds.clear()

    def _judge(self, rate: float) -> None:
        """Double it for as long as that is clearly faster, else go back and stay."""
        if self._slower is not None and rate < GAIN * self._slower[1]:
            self.best, self._settled = self._slower[0], True
        elif self.best == self._most:
            self._settled = True
        else:
            self._slower = (self.best, rate)
            self.best = min(2 * self.best, self._most)
