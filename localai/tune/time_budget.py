"""How long a run may take, and what of it training may."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

RESERVE = 0.3
"""Share of the time budget kept for what comes after training."""


class TimeBudget:
    """So many `seconds` from now on; 0: as many as it takes. What is to end at a time of day is
    timed by the wall clock (`until`), from which sleep and waiting take; anything else is not.
    `paused`: seconds that were spent on waiting for a chat."""

    def __init__(
        self, seconds: float, *, until: bool = False, now: Callable[[], float] | None = None
    ) -> None:
        self._now = now or (time.time if until else time.monotonic)
        self.seconds, self._until, self._begun = seconds, until, self._now()
        self.paused = 0.0

    def waited(self, seconds: float) -> None:
        """Count so many seconds as paused."""
        self.paused += seconds

    def left(self) -> float:
        """Seconds that are left."""
        if not self.seconds:
            return math.inf
        free = 0.0 if self._until else self.paused
        return self.seconds + free - (self._now() - self._begun)

    def planned(self) -> float:
        """Seconds that training is planned with, 0 for as many as it takes: those that are left for
        it; where none are, those of the whole, for whoever goes on."""
        if not self.seconds:
            return 0.0
        left = self.for_training()
        return left if left > 0 else (1 - RESERVE) * self.seconds

    def for_training(self) -> float:
        """Seconds that are left for training and what belongs to it."""
        return self.left() - RESERVE * self.seconds
