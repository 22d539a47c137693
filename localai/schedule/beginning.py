"""Whether a tune that the timer has started may begin: it waits until nobody uses the machine, and
ends when that cannot be tonight. What came of it is kept for whoever asks in the morning.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from localai import paths
from localai.config_night import NightSettings
from localai.schedule.conditions import Machine, in_use, look, too_late, too_little
from localai.schedule.nights import LEAST_SECONDS, Nights

LOOK_SECONDS = 60.0


class LastNight(msgspec.Struct, frozen=True):
    """What became of the last scheduled tune: `at`, in Unix seconds, why it did not begin, in a
    sentence; "" when it did."""

    at: float
    why_not: str = ""


def wait(
    nights: Nights | None,
    wanted: NightSettings,
    machine: Callable[[], Machine] = look,
    sleep: Callable[[float], object] = time.sleep,
    now: Callable[[], float] = time.time,
) -> str:
    """Return once it may begin; or why it may not tonight, in a sentence. `nights`: when it is
    scheduled, None if no timer of ours did that."""
    late = nights is not None and nights.going_on(now()) is None
    end = nights.deadline(now()) if nights is not None else None
    while True:
        found = machine()
        if why := too_little(found, wanted):
            return why
        if late:
            return too_late(found, wanted)
        why = in_use(found, wanted)
        if not why or end is None or end.left(now) < LEAST_SECONDS:
            return why
        sleep(LOOK_SECONDS)


def keep(why_not: str, now: Callable[[], float] = time.time) -> None:
    """Keep what became of it. Raises StoreError or OSError."""
    paths.private_dir(paths.home())
    text = msgspec.json.encode(LastNight(now(), why_not)).decode("utf-8")
    paths.replace(paths.last_night(), text)


def last_night() -> LastNight | None:
    """What became of the last one; None if there was none."""
    try:
        return msgspec.json.decode(paths.last_night().read_bytes(), type=LastNight)
    except (OSError, msgspec.DecodeError):
        return None
