"""Dates, times and zones: known answers, and laws that hold for all of them."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.errors import ToolError
from localai.tools import sandbox
from localai.tools.builtin import clock, dates
from localai.tools.builtin.clock import date_add, date_difference, told, weekday
from localai.tools.outcome import Ok
from localai.tools.tool import ToolFunction

NOON = datetime(2026, 7, 1, 12, 0, 5, 999_999, UTC)


def said(tool: ToolFunction, **arguments: Any) -> str:
    """The result, or the sentence of the refusal."""
    try:
        return str(tool.function(**tool.check(arguments)))
    except ToolError as error:
        return str(error)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "2026-07-01T12:00:05+00:00 (Wednesday, UTC)"),
        ("z", "2026-07-01T12:00:05+00:00 (Wednesday, UTC)"),
        ("Europe/Berlin", "2026-07-01T14:00:05+02:00 (Wednesday, CEST)"),
        (" europe/berlin ", "2026-07-01T14:00:05+02:00 (Wednesday, CEST)"),
        ("Kolkata", "2026-07-01T17:30:05+05:30 (Wednesday, IST)"),
        ("new york", "2026-07-01T08:00:05-04:00 (Wednesday, EDT)"),
        ("Pacific/Kiritimati", "2026-07-02T02:00:05+14:00 (Thursday, +14)"),
    ],
)
def test_now_in_a_zone(zone: str, shown: str) -> None:
    assert told(NOON, zone) == shown


def test_now_here() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    text = said(clock.clock)
    assert before <= datetime.fromisoformat(text.split(" ")[0]) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("zone", "sentence"),
    [
        ("Europe/Berlni", "There is no time zone 'Europe/Berlni'; the nearest is Europe/Berlin."),
        ("Berlinn", "There is no time zone 'Berlinn'; the nearest is Europe/Berlin."),
        ("../../etc/passwd", "There is no time zone '../../etc/passwd'; the nearest is "),
        ("\0", "There is no time zone '\\x00'; the nearest is "),
    ],
)
def test_an_unknown_zone_names_the_nearest(zone: str, sentence: str) -> None:
    with pytest.raises(ToolError) as caught:
        told(NOON, zone)
    assert str(caught.value).startswith(sentence)


def test_a_machine_without_zones_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", lambda: set[str]())
    assert told(NOON, "UTC").startswith("2026-07-01T12:00:05")
    with pytest.raises(ToolError, match="install its tzdata package"):
        told(NOON, "Europe/Berlin")


def test_a_city_with_two_zones_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", lambda: {"A/Springfield", "B/Springfield"})
    with pytest.raises(ToolError, match="it may be A/Springfield or B/Springfield"):
        told(NOON, "Springfield")


@pytest.mark.parametrize(
    ("start", "end", "answer"),
    [
        ("2024-02-28", "2024-03-01", "2 days"),
        ("2026-03-02", "2026-03-01", "-1 day"),
        ("2026-03-01", "2026-03-01", "0 days"),
        ("2026-03-01", "2026-03-02T01:30", "1 day 1 hour 30 minutes"),
        ("2026-03-01T10:00", "2026-03-01T09:59:58.5", "-1.5 seconds"),
        ("2026-03-29T00:00+01:00", "2026-03-29T12:00+02:00", "11 hours"),
        ("2026-03-01T00:00Z", "2026-03-02", "1 day"),
        ("20260301", "2026-W10-2", "2 days"),
        ("0001-01-01T00:00+14:00", "0001-01-01T00:01:01-12:00", "1 day 2 hours 1 minute 1 second"),
        ("2026-01-01T00:00:00.000001", "2026-01-01T00:01", "59.999999 seconds"),
        ("0001-01-01", "9999-12-31", "3652058 days"),
    ],
)
def test_differences(start: str, end: str, answer: str) -> None:
    assert said(date_difference, start=start, end=end) == answer


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ({"date": "2026-01-31", "months": 1}, "2026-02-28 (Saturday)"),
        ({"date": "2024-01-31", "months": 1}, "2024-02-29 (Thursday)"),
        ({"date": "2024-02-29", "years": 1}, "2025-02-28 (Friday)"),
        ({"date": "2026-03-31", "months": -13}, "2025-02-28 (Friday)"),
        ({"date": "2026-11-25", "days": 10, "weeks": 1}, "2026-12-12 (Saturday)"),
        ({"date": "2026-11-25T23:30", "days": 1}, "2026-11-26T23:30:00 (Thursday)"),
        ({"date": "9999-12-31", "days": 1}, "The date would be outside the years 1 to 9999."),
        ({"date": "2026-01-01", "years": -2026}, "The date would be outside the years 1 to 9999."),
        ({"date": "2026-01-01", "days": 10**30}, "The date would be outside the years 1 to 9999."),
        (
            {"date": "2026-01-01", "months": 10**30},
            "The date would be outside the years 1 to 9999.",
        ),
    ],
)
def test_additions(arguments: dict[str, Any], answer: str) -> None:
    assert said(date_add, **arguments) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2026-11-25", "Wednesday"),
        ("1969-07-20T20:17Z", "Sunday"),
        ("today", "'today' is no date: write it as 2026-03-31 or 2026-03-31T14:30."),
        ("31.12.2026", "'31.12.2026' is no date: write it as 2026-03-31 or 2026-03-31T14:30."),
    ],
)
def test_weekdays(text: str, answer: str) -> None:
    assert said(weekday, date=text) == answer


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "2026-01-01T25:00"])
def test_a_date_out_of_range_says_what_is(text: str) -> None:
    answer = said(weekday, date=text)
    assert answer.startswith(f"{text!r} is no date: write it as 2026-03-31")
    assert ("out of range" in answer) or ("must be in" in answer)


def test_two_times_need_zones_both_or_none() -> None:
    answer = said(date_difference, start="2026-01-01T00:00Z", end="2026-01-01T00:00")
    assert answer == "One of the times has a zone and the other has none; give both or none."


DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=ZONES)


@given(DAYS, DAYS)
def test_adding_the_difference_arrives(start: date, end: date) -> None:
    days = dates.between(start, end).days
    assert dates.add(start, years=0, months=0, weeks=0, days=days) == end
    assert dates.between(end, start).days == -days


@given(TIMES, TIMES)
def test_a_difference_of_instants_is_theirs(start: datetime, end: datetime) -> None:
    assert dates.between(start, end).total_seconds() == (end - start).total_seconds()
    assert dates.read(start.isoformat()) == start


@given(DAYS, st.integers(-600, 600))
def test_adding_months_keeps_the_day_or_ends_the_month(start: date, months: int) -> None:
    end = dates.add(start, years=0, months=months, weeks=0, days=0)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(1)).day == 1)


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_gets_one_sentence(text: str) -> None:
    answer = said(weekday, date=text)
    assert answer.endswith(("day", ".")), answer
    assert "\n" not in answer


def test_the_clock_runs_in_the_sandbox() -> None:
    outcome = sandbox.run(clock.clock, {"zone": "Asia/Tokyo"})
    assert isinstance(outcome, Ok)
    assert outcome.text.endswith("JST)")
