"""A run's verdict as it was stored, read. What a gate decides, and how, is its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

CORRECTIONS = "corrections"
"""The pool of what was corrected, in other words."""


class Pool(msgspec.Struct, frozen=True):
    """One set of questions of a gate. `current` and `candidate` are shares of right answers
    (0 to 1), `se` the standard error of their difference, None where they are no numbers;
    `lost` and `won` count questions; `tolerance` says what loss is allowed, `close` how many
    more turned by a hair. With a `unit` they are no shares; `adjusted` is the p value, None for
    no test."""

    name: str
    n: int
    current: float | None
    candidate: float | None
    se: float | None = None
    lost: int = 0
    won: int = 0
    tolerance: str = ""
    passed: bool = True
    close: int = 0
    unit: str = ""
    adjusted: float | None = None

    @property
    def share(self) -> bool:
        """Whether it was asked, and its questions are right or wrong."""
        return self.n > 0 and not self.unit


class Said(msgspec.Struct, frozen=True):
    """An answer, and whether it was right."""

    text: str
    right: bool


class Asked(msgspec.Struct, frozen=True):
    """A question of a pool with the answers of what answered before and of the candidate; `close`
    where one turned by a hair."""

    pool: str
    question: str
    current: Said
    candidate: Said
    close: bool = False

    @property
    def won(self) -> bool:
        """Whether only the candidate was right, and not by a hair."""
        return self.candidate.right and not self.current.right and not self.close

    @property
    def lost(self) -> bool:
        """Whether only the present one was right, and not by a hair."""
        return self.current.right and not self.candidate.right and not self.close


class Parity(msgspec.Struct, frozen=True):
    """How far the trained model and the one that serves agree over `n` positions: their KL
    divergence in nats and the share of the `same` tokens, None for what is no number."""

    kl: float | None
    same: float | None
    n: int


class Refused(msgspec.Struct, frozen=True):
    """Why what was tried before was not let in."""

    reason: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What a gate decided, and on which numbers; what the run trained for, and how far the gate
    came. Of what was forgotten there are no `answers`. `together`: with its own right answers it
    was tried first, and refused; `trouble`: what went wrong in a round of these. What was judged
    was made by that `round`, 0 for none, in the steps after the first of `steps`, to the second;
    (0, 0): in all of the run. `since` has pools once more, with the bare model as the current one,
    where something else answered."""

    promoted: bool
    reason: str = ""
    pools: tuple[Pool, ...] = ()
    answers: tuple[Asked, ...] = ()
    parity: Parity | None = None
    memory: float | None = None
    device: str = ""
    targets: tuple[str, ...] = ()
    stage: str = ""
    together: Refused | None = None
    trouble: str = ""
    round: int = 0
    steps: tuple[int, int] = (0, 0)
    since: tuple[Pool, ...] = ()


def verdict(stored: Mapping[str, Any] | None) -> Verdict | None:
    """A run's verdict as it was stored; None when there is none or it cannot be read."""
    if not stored:
        return None
    try:
        return msgspec.convert(stored, Verdict)
    except msgspec.ValidationError:
        return None
