"""How many sequences to decode side by side: as many as this machine is fastest with.

A step costs the reading of all weights, however many sequences it serves, until computing
costs more than reading; attention over many long sequences costs on top. Where the best
width lies depends on machine, model and length, so it is found while sampling. Pure.
"""

from __future__ import annotations

import statistics
from collections import defaultdict, deque

START = 4
"""Widths are this and its doubles: a wider batch fills at once, a narrower one only as
sequences end, so the search comes from below."""

STEPS = 6
"""Steps with one width before it is judged."""

KEPT = 12
"""Steps of a width that are remembered; older ones were over shorter texts."""

GAIN = 1.03
"""A wider batch must be faster by this factor: it takes more memory, and each of its
sequences ends later."""


class Width:
    """`best` is how many to keep running, at most `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seconds: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=KEPT))
        self.best = min(START, most)

    def took(self, sequences: int, seconds: float) -> None:
        """A step of that many sequences and nothing else took so long."""
        if sequences != self.best:
            return
        times = self._seconds[sequences]
        times.append(seconds)
        if len(times) >= STEPS:
            self._choose()

    def _choose(self) -> None:
        """Go where it is faster: to half of it, or to the double, which is tried once."""
        here, half, double = self._rate(self.best), self.best // 2, min(2 * self.best, self._most)
        if half in self._seconds and self._rate(half) * GAIN > here:
            self.best = half
        elif double not in self._seconds or self._rate(double) > here * GAIN:
            self.best = double

    def _rate(self, width: int) -> float:
        return width / statistics.median(self._seconds[width])
