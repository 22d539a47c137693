"""What became of the last night that the timer began, kept for whoever asks in the morning."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from localai import paths


class LastNight(msgspec.Struct, frozen=True):
    """What became of the last scheduled tune: `at`, in Unix seconds, why it did not begin, in a
    sentence; "" when it did. `hindered`: the machine was not free for it; else there was nothing
    to learn."""

    at: float
    why_not: str = ""
    hindered: bool = False


def keep(why_not: str, now: Callable[[], float] = time.time, *, hindered: bool = False) -> None:
    """Keep what became of it. Raises StoreError or OSError."""
    paths.private_dir(paths.home())
    text = msgspec.json.encode(LastNight(now(), why_not, hindered)).decode("utf-8")
    paths.replace(paths.last_night(), text)


def last_night() -> LastNight | None:
    """What became of the last one; None if there was none."""
    try:
        return msgspec.json.decode(paths.last_night().read_bytes(), type=LastNight)
    except (OSError, msgspec.DecodeError):
        return None
