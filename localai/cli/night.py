"""`localai tune --scheduled`: what the timer of `localai tune schedule` runs.

A night on which nothing is learned is no failure: why is said and kept, and the exit code is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from localai.cli.failure import note
from localai.errors import UsageError

if TYPE_CHECKING:
    from localai.config_night import NightSettings


def learn(wanted: NightSettings, tune: Callable[[], object]) -> None:
    """Run `tune` once the machine is free for it, and keep the machine awake meanwhile."""
    from localai.schedule import beginning, timers
    from localai.schedule.waking import awake

    with awake():
        why_not = beginning.wait(timers.here().nights(), wanted)
        beginning.keep(why_not)
        if why_not:
            note(why_not)
            return
        try:
            tune()
        except UsageError as error:  # there is nothing to learn, say
            beginning.keep(str(error))
            note(str(error))
