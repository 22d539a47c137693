"""What a run came to, as its report tells it. Values only; texts are raw."""

from __future__ import annotations

import msgspec

from localai.evals.stats import Difference, Estimate
from localai.morning.verdict import Asked, Parity
from localai.store.discovering import Round
from localai.store.tuning import RunState, Source


class Learned(msgspec.Struct, frozen=True):
    """One of the user's own examples that was learned: what was asked, what the model `said`
    ("" where nothing was corrected), what it should say; `new` to the adapter before it."""

    id: str
    source: Source
    question: str
    said: str
    wanted: str
    new: bool


class Shift(msgspec.Struct, frozen=True):
    """How a pool came out, before and after, and by how much; `rule` is the gate's in words,
    and whether it `passed`."""

    pool: str
    before: Estimate
    after: Estimate
    by: Difference
    rule: str
    passed: bool
    close: int = 0


class Stage(msgspec.Struct, frozen=True):
    """A part of a run, and how long it took."""

    name: str
    seconds: float


class Point(msgspec.Struct, frozen=True):
    """A number of a step."""

    step: int
    value: float


class Morning(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that there is to tell of a run.

    `adapter` is what it made, `answers` what answers now, `answered` what did when it ended, by
    name, "" for none and for the bare model. `reason` is the gate's sentence, `error` what went
    wrong, `next_step` what one can do now. Of what was learned the user's own is in `learned`, what
    is new first; `sets` counts the examples of data sets, `gone` what the history does not have any
    more. `since`: how pools came out with all tunes together. `lost` are the answers that were
    right before, `changed` those that changed most, corrections first.
    """

    run: str
    model: str
    state: RunState
    began: float
    ended: float
    adapter: str = ""
    answers: str = ""
    answered: str = ""
    reason: str = ""
    error: str = ""
    next_step: str = ""
    learned: tuple[Learned, ...] = ()
    sets: dict[str, int] = {}
    gone: int = 0
    duplicates: int = 0
    shifts: tuple[Shift, ...] = ()
    since: tuple[Shift, ...] = ()
    lost: tuple[Asked, ...] = ()
    changed: tuple[Asked, ...] = ()
    losses: tuple[Point, ...] = ()
    held_out: tuple[Point, ...] = ()
    rounds: tuple[Round, ...] = ()
    stages: tuple[Stage, ...] = ()
    parity: Parity | None = None
    memory: float | None = None
    device: str = ""
