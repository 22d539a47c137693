"""What became of the last night: kept for the morning, for its owner alone."""

from __future__ import annotations

from localai import paths
from localai.schedule.outcome import LastNight, keep, last_night


def test_what_became_of_it_is_kept() -> None:
    assert last_night() is None
    keep("No.", lambda: 5.0)
    assert last_night() == LastNight(5.0, "No.")
    keep("On battery.", lambda: 5.5, hindered=True)
    assert last_night() == LastNight(5.5, "On battery.", hindered=True)
    keep("", lambda: 6.0)
    assert last_night() == LastNight(6.0)
    assert paths.last_night().stat().st_mode & 0o077 == 0
    paths.last_night().write_text("{")
    assert last_night() is None


def test_a_file_of_before_is_read() -> None:
    keep("", lambda: 5.0)
    paths.last_night().write_text('{"at":5.0,"why_not":"On battery."}')
    assert last_night() == LastNight(5.0, "On battery.")
