"""What came of a run in few words."""

from __future__ import annotations

from datetime import datetime

import pytest

from localai.morning.making import morning
from localai.morning.wording import BARE, headline, learned, moment, news, no_tune, scores
from localai.store.runs import EndState
from localai.store.store import Store
from tests.morning.nights import BAD, BASE, GOOD, HOSTILE, begin, pool, promoted, rejected


def test_a_good_night_is_two_lines(store: Store) -> None:
    run = promoted(store)
    when, second = news(run, "tuned-1", run.updated)
    assert when.endswith(": tuned-1 answers now.")
    assert second == "corrections 12 % → 88 % (n 25), 1 of 40 other questions lost, 3 won."
    whole = GOOD | {"pools": [GOOD["pools"][0], pool("general", 40, 30, 3, 0)]}
    told = morning(store, promoted(store, whole))
    assert scores(told.shifts) == "corrections 12 % → 88 % (n 25), nothing lost."
    assert scores(()) == ""


def test_without_corrections_what_became_better_is_told(store: Store) -> None:
    verdict = GOOD | {"pools": [pool("general", 40, 30, 1, 0), pool("reasoning", 300, 80, 90, 20)]}
    told = morning(store, promoted(store, verdict))
    assert scores(told.shifts) == "reasoning 27 % → 50 % (n 300), nothing lost."


def test_a_refusal_is_one_line_with_why(store: Store) -> None:
    run = rejected(store)
    (line,) = news(run, "", run.updated)
    assert line.endswith(f": nothing changed. {BAD['reason']}")


@pytest.mark.parametrize(
    ("state", "words"),
    [("failed", "the tune failed."), ("interrupted", "cut off"), ("stopped", "was stopped")],
)
def test_one_without_a_verdict_is_one_line(store: Store, state: EndState, words: str) -> None:
    run = store.end_run(begin(store).id, state, error=f"No space.\n{HOSTILE}")
    (line,) = news(run, "", run.updated)
    assert words in line
    assert "No space." in line
    assert "\x1b" not in line


def test_the_headline_names_who_answers(store: Store) -> None:
    first, run, later = rejected(store), promoted(store), rejected(store)
    assert headline(morning(store, run)) == "tuned-1 answers now."
    assert headline(morning(store, later)) == "It changed nothing; tuned-1 answers as before."
    changed = f"It changed nothing; {BARE} answered then, tuned-1 answers now."
    assert headline(morning(store, first)) == changed
    store.roll_back(BASE)
    assert headline(morning(store, run)) == f"It made tuned-1; {BARE} answers now."
    assert headline(morning(store, first)) == f"It changed nothing; {BARE} answers as before."


def test_only_what_was_let_in_was_learned(store: Store) -> None:
    assert learned(morning(store, promoted(store))) == "What it learned"
    assert learned(morning(store, rejected(store))) == "What it was to learn"


def test_one_that_was_stopped_may_go_on(store: Store) -> None:
    run = store.end_run(begin(store).id, "stopped", error="Its time is over.")
    for goes_on, more in ((True, " The next one goes on with it."), (False, "")):
        (line,) = news(run, "", run.updated, goes_on=goes_on)
        assert line.endswith(f": the tune was stopped. Its time is over.{more}")


def test_a_night_on_which_none_began_is_one_line() -> None:
    then = datetime.fromisoformat("2026-03-12T02:00").timestamp()
    line = no_tune(then, f"On battery.\n{HOSTILE}", then + 3600)
    assert line.startswith("Last night: no tune began. On battery. <script>")
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ("2026-03-12T03:12", "2026-03-12T08:00", "Last night"),
        ("2026-03-11T23:12", "2026-03-12T08:00", "Last night"),
        ("2026-03-12T03:12", "2026-03-12T21:00", "Last night"),
        ("2026-03-12T03:12", "2026-03-13T08:00", "12 Mar 03:12"),
        ("2026-03-12T14:05", "2026-03-12T15:00", "Today 14:05"),
        ("2026-03-12T21:05", "2026-03-12T22:00", "Today 21:05"),
        ("2026-03-12T14:05", "2026-03-13T08:00", "12 Mar 14:05"),
        ("2026-03-12T03:12", "2026-03-11T08:00", "12 Mar 03:12"),
    ],
)
def test_moments(then: str, now: str, words: str) -> None:
    was, is_ = (datetime.fromisoformat(text).timestamp() for text in (then, now))
    assert moment(was, is_) == words
