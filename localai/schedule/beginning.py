"""Whether a tune that the timer has started may begin: it waits until nobody uses the machine, and
ends when that cannot be tonight.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from localai.config_night import NightSettings
from localai.schedule.conditions import Machine, in_use, look, too_late, too_little
from localai.schedule.nights import LEAST_SECONDS, Nights

LOOK_SECONDS = 60.0


def wait(
    nights: Nights | None,
    wanted: NightSettings,
    machine: Callable[[], Machine] = look,
    sleep: Callable[[float], object] = time.sleep,
    now: Callable[[], float] = time.time,
) -> str:
    """Return once it may begin; or why it may not tonight, in a sentence. `nights`: when it is
    scheduled, None if no timer of ours did that."""
    while True:
        found = machine()
        if why := too_little(found, wanted):
            return why
        # Each time anew: the machine may have slept through the rest of the night.
        end = nights.going_on(now()) if nights is not None else None
        if nights is not None and end is None:
            return too_late(found, wanted)
        why = in_use(found, wanted)
        if not why or end is None or end.left(now) < LEAST_SECONDS:
            return why
        sleep(LOOK_SECONDS)
