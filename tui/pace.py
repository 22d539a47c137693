"""How often a stream is painted: smooth while it is cheap, rarer when painting costs more.

On a small machine the model needs the processor that the screen is painted with, so
painting may take only a small share of it.
"""

from __future__ import annotations

from collections.abc import Callable

FASTEST_SECONDS = 1 / 12
SLOWEST_SECONDS = 0.5
SHARE = 0.04
"""Share of one processor that painting may use."""


class Pace:
    """Says when to paint. `clock` and `spent` are wall and processor seconds."""

    def __init__(self, clock: Callable[[], float], spent: Callable[[], float]) -> None:
        self._clock, self._spent = clock, spent
        self._last, self._last_spent = clock(), spent()

    def due(self) -> bool:
        """Whether to paint now; if so, the next time is counted from here."""
        now, spent = self._clock(), self._spent()
        wait = (spent - self._last_spent) / SHARE
        if now - self._last < min(max(wait, FASTEST_SECONDS), SLOWEST_SECONDS):
            return False
        self._last, self._last_spent = now, spent
        return True
