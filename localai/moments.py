"""Points in time as people and programs read them, whatever number a file or a clock gave."""

from __future__ import annotations

from datetime import UTC, datetime

LATEST = 32503680000.0
"""The year 3000, in Unix seconds."""

WHEN = "%Y-%m-%d %H:%M"
"""A time in a list."""


def sane(seconds: float) -> bool:
    """True for Unix seconds from 1970 to the year 3000; false for what is no number."""
    return 0 <= seconds < LATEST


def local(seconds: float) -> datetime:
    """Unix seconds in the reader's time zone; the nearest sane time for what is none."""
    return datetime.fromtimestamp(_near(seconds))


def utc(seconds: float) -> str:
    """Unix seconds as in 2026-01-31T12:00:00Z; the nearest sane time for what is none."""
    return datetime.fromtimestamp(_near(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _near(seconds: float) -> float:
    if sane(seconds):
        return seconds
    return LATEST - 1 if seconds > 0 else 0.0
