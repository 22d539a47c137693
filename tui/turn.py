"""A running turn as the chat screen keeps it: where it is shown, how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tui.pace import Pace
from tui.transcript.item import Item


@dataclass
class Turn:
    """A running turn. `text` is the question until it is stored; `doing` says what happens
    while the engine waits."""

    text: str = ""
    doing: str = ""
    item: Item | None = None
    prompt_tokens: int = 0
    tokens: int = 0
    reasoning_tokens: int = 0
    started: float = 0.0
    pace: Pace = field(default_factory=lambda: Pace(time.monotonic, time.thread_time))

    def speed(self, now: float) -> float:
        """Tokens a second since the first one."""
        return self.tokens / (now - self.started) if self.started and now > self.started else 0.0
