"""Nights and their ends, over midnight and on the two nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from localai.schedule.deadline import Deadline, following
from localai.schedule.nights import Nights

pytestmark = pytest.mark.usefixtures("central_europe")

HOUR = 3600.0
SPRING, AUTUMN = "2026-03-29", "2026-10-25"


def at(text: str, fold: int = 0) -> float:
    """Local time, as Unix seconds."""
    return datetime.fromisoformat(text).replace(fold=fold).timestamp()


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("now", "until", "hours"),
    [
        ("2026-11-28 02:00", time(6, 30), 4.5),
        ("2026-11-28 22:00", time(6, 30), 8.5),  # over midnight
        ("2026-12-31 23:30", time(0, 15), 0.75),  # and over the year's end
        ("2026-11-28 06:30", time(6, 30), 24),  # now is not next
        (f"{SPRING} 01:00", time(6, 30), 4.5),  # from 2 to 3 there is nothing
        (f"{AUTUMN} 01:00", time(6, 30), 6.5),  # from 2 to 3 comes twice
        ("2026-03-28 06:30", time(6, 30), 23),
        ("2026-10-24 06:30", time(6, 30), 25),
    ],
)
def test_a_deadline_is_the_next_such_time(now: str, until: time, hours: float) -> None:
    deadline = Deadline.next(until, at(now))
    assert deadline.left(lambda: at(now)) == hours * HOUR


def test_a_deadline_that_is_past_leaves_nothing() -> None:
    assert Deadline(100.0).left(lambda: 99.0) == 1.0
    assert Deadline(100.0).left(lambda: 5000.0) == 0.0


def test_a_time_that_the_clocks_skip_comes_as_if_they_did_not() -> None:
    assert following(time(2, 30), at(f"{SPRING} 01:00")) == utc("2026-03-29 01:30")


def test_a_time_that_comes_twice_is_next_twice() -> None:
    first, second = utc("2026-10-25 00:30"), utc("2026-10-25 01:30")
    assert following(time(2, 30), at(f"{AUTUMN} 01:00")) == first
    assert following(time(2, 30), first) == second
    assert following(time(2, 30), second) == utc("2026-10-26 01:30")


NIGHTS = Nights(time(22), time(6, 30), frozenset({4}))  # 2026-11-27 is a Friday


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-27 21:58", None),
        ("2026-11-27 21:59:30", "2026-11-28 06:30"),  # timers may be a little early
        ("2026-11-28 03:00", "2026-11-28 06:30"),
        ("2026-11-28 06:30", None),
        ("2026-11-28 22:00", None),  # on Saturdays it does not begin
    ],
)
def test_the_night_that_it_is(now: str, end: str | None) -> None:
    found = NIGHTS.going_on(at(now))
    assert found == (Deadline(at(end)) if end else None)


def test_a_night_is_as_long_as_the_clock_says() -> None:
    assert NIGHTS.seconds == 8.5 * HOUR
    assert Nights(time(2), time(6, 30)).seconds == 4.5 * HOUR


def test_a_missed_night_lasts_as_long_from_when_it_is_caught_up_on() -> None:
    noon = at("2026-11-28 12:00")
    assert NIGHTS.deadline(noon).left(lambda: noon) == 8.5 * HOUR
    three = at("2026-11-28 03:00")
    assert NIGHTS.deadline(three).left(lambda: three) == 3.5 * HOUR


def test_when_it_begins_next() -> None:
    assert NIGHTS.next_start(at("2026-11-27 22:00")) == at("2026-12-04 22:00")
    every = Nights(time(2), time(6, 30))
    assert every.next_start(at("2026-11-28 03:00")) == at("2026-11-29 02:00")


def test_nights_in_words() -> None:
    assert str(Nights(time(2), time(6, 30))) == "every day from 02:00 to 06:30"
    assert str(Nights(time(2), time(6), frozenset({6, 0}))) == "Mon, Sun from 02:00 to 06:00"
