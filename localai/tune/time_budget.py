"""How long a run may take, and what of it training may."""

from __future__ import annotations

import math
import time

RESERVE = 0.3
"""Share of the time budget kept for what comes after training."""


class TimeBudget:
    """So many `seconds` from now on; 0: as many as it takes."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._begun = seconds, time.monotonic()

    def left(self) -> float:
        """Seconds that are left."""
        if not self.seconds:
            return math.inf
        return self.seconds - (time.monotonic() - self._begun)

    def for_training(self) -> float:
        """Seconds that are left for training and what belongs to it."""
        return self.left() - RESERVE * self.seconds
