"""Votes are counted by what gave the answers, wherever it stood."""

from __future__ import annotations

import pytest

from localai.evals import votes
from localai.store.preferred import Preference, Vote


def vote(left: str, right: str, what: Vote, *, blind: bool = False) -> Preference:
    return Preference("p", "q", "a", "b", "adapters", left, right, what, blind, 0.0)


def test_sides_are_counted_wherever_they_stood() -> None:
    cast = [
        vote("base", "pirate", "right"),
        vote("pirate", "base", "left"),
        vote("pirate", "base", "right"),
        vote("base", "pirate", "equal"),
        vote("pirate", "base", "bad"),
    ]
    (one,) = votes.tallies(cast)
    assert (one.first, one.second) == ("base", "pirate")
    assert (one.first_won, one.second_won, one.equal, one.bad) == (1, 2, 1, 1)
    assert one.share == pytest.approx(2 / 3)
    assert one.interval == pytest.approx((0.2077, 0.9385), abs=1e-3)
    assert votes.sentence(one) == (
        "base 1, pirate 2 (pirate 67 %, 95 % interval 21 to 94 %), 1 equal, 1 both bad"
    )


def test_blind_votes_are_counted_apart() -> None:
    cast = [vote("base", "pirate", "right"), vote("base", "pirate", "left", blind=True)]
    seen, blind = votes.tallies(cast)
    assert (seen.second_won, blind.first_won) == (1, 1)
    assert votes.tally(cast, cast[1]) == blind


def test_two_adapters_are_in_one_order() -> None:
    cast = [vote("pirate", "butler", "left"), vote("butler", "pirate", "left")]
    (one,) = votes.tallies(cast)
    assert (one.first, one.first_won, one.second_won) == ("butler", 1, 1)


def test_without_a_decision_there_is_no_share() -> None:
    (one,) = votes.tallies([vote("base", "pirate", "equal")])
    assert one.share is None
    assert one.interval is None
    assert votes.sentence(one) == "1 equal"
