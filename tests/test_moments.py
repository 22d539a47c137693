"""Stored times can always be shown."""

from __future__ import annotations

import math
import time

import pytest

from localai.moments import LATEST, local, sane, utc


def test_a_time_is_shown_here_and_in_utc() -> None:
    now = time.time()
    assert local(now).strftime("%H:%M") == time.strftime("%H:%M", time.localtime(now))
    assert utc(1769860800.0) == "2026-01-31T12:00:00Z"


@pytest.mark.parametrize(
    ("wild", "shown"),
    [
        (1e300, "2999-12-31T23:59:59Z"),
        (LATEST, "2999-12-31T23:59:59Z"),
        (math.inf, "2999-12-31T23:59:59Z"),
        (-1e300, "1970-01-01T00:00:00Z"),
        (math.nan, "1970-01-01T00:00:00Z"),
    ],
)
def test_what_is_no_time_is_shown_as_the_nearest(wild: float, shown: str) -> None:
    assert not sane(wild)
    assert utc(wild) == shown
    assert local(wild).year in (1969, 1970, 2999, 3000)
