"""Tunes with an end: until a time of day, and those that the timer of `localai tune schedule` runs.

A night on which nothing is learned is no failure: why is said and kept, and the exit code is 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import time as Clock
from typing import TYPE_CHECKING, NamedTuple

from localai.cli.failure import note
from localai.errors import ConfigError, UsageError
from localai.store.tuning import Progress
from localai.tune_process import Stopped

if TYPE_CHECKING:
    from localai.config_night import NightSettings
    from localai.schedule.deadline import Deadline


class End(NamedTuple):
    """When a tune has to end: at the time of day `until`, if any; one that is `scheduled`, when the
    night does, and when the machine's power fails."""

    until: Clock | None
    scheduled: bool

    def deadline(self) -> Deadline | None:
        """The end of one that begins now; None for no end. A night that is caught up on is as
        long as others are."""
        from localai.schedule import timers
        from localai.schedule.deadline import Deadline

        if self.until is None:
            return None
        nights = timers.here().nights() if self.scheduled else None
        return nights.deadline(time.time()) if nights else Deadline.next(self.until, time.time())

    def seconds(self) -> float:
        """How long one may take that begins now; 0 for as long as it needs."""
        end = self.deadline()
        return end.left() if end else 0.0

    def power(self, wanted: NightSettings) -> Callable[[], str]:
        """What gives a reason to stop, "" for none."""
        from localai.schedule.power import Power

        return Power(wanted).why_stop if self.scheduled else lambda: ""


def watched(
    tell: Callable[[Progress], None], end: Deadline | None, power: Callable[[], str]
) -> Callable[[Progress], None]:
    """What tells how far a tune is and, once, ends it: at the deadline, whatever the machine slept
    through, or when `power` gives a reason."""
    told = False

    def watch(progress: Progress) -> None:
        nonlocal told
        over = "Its time is over." if end is not None and not end.left() else ""
        why = over or power()
        if why and not told:
            told = True
            raise Stopped(why)
        tell(progress)

    return watch


def learn(wanted: NightSettings, tune: Callable[[], object]) -> None:
    """Run `tune` once the machine is free for it, and keep the machine awake meanwhile."""
    from localai.schedule import beginning, outcome, timers
    from localai.schedule.waking import awake

    with awake():
        why_not = beginning.wait(timers.here().nights(), wanted)
        outcome.keep(why_not, hindered=bool(why_not))
        if why_not:
            note(why_not)
            return
        try:
            tune()
        except ConfigError as error:  # a file that the settings name is gone, say
            outcome.keep(str(error), hindered=True)
            raise
        except UsageError as error:  # there is nothing to learn, say
            outcome.keep(str(error))
            note(str(error))
