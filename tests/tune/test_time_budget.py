"""What is left of a run's time, and for what."""

from __future__ import annotations

import math

import pytest

from localai.tune.time_budget import TimeBudget


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("until", "left"), [(False, 80.0), (True, 50.0)])
def test_waiting_for_a_chat_takes_time_only_from_what_ends_at_a_time_of_day(
    *, until: bool, left: float
) -> None:
    clock = Clock()
    budget = TimeBudget(100.0, until=until, now=clock)
    clock.now += 50.0
    budget.waited(30.0)
    assert (budget.left(), budget.for_training()) == (left, left - 30.0)


def test_without_a_limit_everything_is_left() -> None:
    budget = TimeBudget(0.0)
    budget.waited(30.0)
    assert budget.left() == budget.for_training() == math.inf
