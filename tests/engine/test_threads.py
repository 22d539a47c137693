"""The number of threads under load: quick to make room, slow to come back, never swinging."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.engine.threads import (
    CALM,
    INTERVAL,
    MARGIN,
    ThreadCount,
    Usage,
    measure,
    physical_cores,
    wanted,
)


class Machine:
    """A clock and counters that tests turn; `own` is what this process used."""

    def __init__(self, cores: int = 4) -> None:
        self.time, self.machine, self.own = 100.0, 5000.0, 70.0
        self.count = ThreadCount(cores, lambda: Usage(self.machine, self.own), lambda: self.time)

    def passes(self, foreign: float, seconds: float = INTERVAL) -> bool:
        """Time goes by with `foreign` cores busy elsewhere; whether the count changed."""
        own = self.count.count * seconds
        self.time += seconds
        self.own += own
        self.machine += own + foreign * seconds
        return self.count.look()

    def counts(self, foreign: Iterable[float]) -> list[int]:
        """The count after each look."""
        seen = []
        for cores in foreign:
            self.passes(cores)
            seen.append(self.count.count)
        return seen


@given(st.integers(1, 64), st.floats(0, 200))
def test_there_is_always_a_thread_and_never_more_than_cores(cores: int, foreign: float) -> None:
    assert 1 <= wanted(cores, foreign) <= cores


@given(st.integers(1, 64), st.floats(0, 100), st.floats(0, 100))
def test_more_load_never_means_more_threads(cores: int, some: float, more: float) -> None:
    assert wanted(cores, some) >= wanted(cores, some + more)


@pytest.mark.parametrize(
    ("foreign", "threads"), [(0.0, 4), (0.4, 4), (0.6, 3), (1.0, 3), (1.4, 3), (1.6, 2), (9.0, 1)]
)
def test_a_busy_core_is_left_to_others(foreign: float, threads: int) -> None:
    assert wanted(4, foreign) == threads


def test_it_yields_at_the_first_look() -> None:
    assert Machine().counts([0.0, 1.0, 2.0]) == [4, 3, 2]


def test_it_comes_back_after_several_calm_looks() -> None:
    seen = Machine().counts([2.0] + [0.0] * (CALM + 1))
    assert seen == [2] * CALM + [4, 4]


def test_one_busy_look_starts_the_waiting_again() -> None:
    calm = [0.0] * (CALM - 1)
    assert Machine().counts([1.0, *calm, 1.0, *calm]) == [3] * (2 * CALM)


@given(st.lists(st.floats(0.51 - MARGIN, 0.75), min_size=5, max_size=40))
def test_it_does_not_swing_around_the_mark(loads: list[float]) -> None:
    """Once it has left a core, load around the mark does not bring it back and forth."""
    machine = Machine()
    machine.passes(1.0)
    assert set(machine.counts(loads)) == {3}


def test_it_looks_only_when_the_interval_has_passed() -> None:
    machine = Machine()
    assert not machine.passes(4.0, INTERVAL / 4)
    assert machine.count.count == 4
    assert machine.passes(4.0, INTERVAL)


def test_what_happened_while_it_did_not_decode_is_ignored() -> None:
    machine = Machine()
    machine.time += 3600.0
    machine.machine += 4 * 3600.0
    machine.count.begin()
    assert not machine.passes(0.0)
    assert machine.count.count == 4


def test_a_single_core_is_never_given_up() -> None:
    assert Machine(cores=1).counts([3.0, 0.0]) == [1, 1]


@given(st.floats(-5, 0))
def test_counters_that_disagree_count_as_no_load(foreign: float) -> None:
    """The kernel's counters have different grains: ours may seem to be more than all."""
    assert Machine().counts([foreign] * 3) == [4, 4, 4]


def test_this_machine_can_be_measured() -> None:
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)
    before = measure()
    total = sum(number * number for number in range(200_000))
    after = measure()
    assert total > 0
    assert after.own > before.own
    assert after.machine >= before.machine
