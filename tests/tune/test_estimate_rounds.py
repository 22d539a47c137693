"""What rounds of rejection sampling would take."""

from __future__ import annotations

import math

import pytest

from localai.store.discovering import Round
from localai.store.store import Store
from localai.tune.estimate import Pace
from localai.tune.estimate_rounds import USUAL, RoundsEstimate, rounds
from localai.tune.plan import Options

OPTIONS = Options(rank=8, learning_rate=1e-3, epochs=2, replay=0.5)
PACE = Pace(speed=100.0, beside=60.0, memory=1)


def told(store: Store, own: float = 0.0, left: float = math.inf) -> RoundsEstimate:
    return rounds(store, "toy", PACE, OPTIONS, own, left)


def test_a_usual_number_is_told_where_there_is_time(store: Store) -> None:
    found = told(store)
    assert found.rounds == USUAL
    assert found.seconds > told(store, left=found.seconds - 1).seconds


def test_what_else_is_learned_is_trained_in_each(store: Store) -> None:
    assert told(store, own=100.0).seconds == pytest.approx(told(store).seconds + USUAL * 100.0)


def test_without_time_there_is_a_look_alone(store: Store) -> None:
    assert told(store, left=1.0).rounds == 0


def test_earlier_rounds_say_how_long(store: Store) -> None:
    run = store.begin_run("toy", "base", {}).id
    store.put_round(Round(run=run, number=0, sampling_seconds=50.0))
    store.put_round(Round(run=run, number=1, kept=100, sampling_seconds=200.0, seconds=600.0))
    each = 100 * 70 * 2 / 0.5 / 100.0
    found = told(store, left=50.0 + 2 * 200.0 + 3 * each + 1)
    assert found.rounds == 2
    assert found.seconds == pytest.approx(50.0 + 2 * 200.0 + 3 * each)
    assert rounds(store, "another", PACE, OPTIONS, 0.0, math.inf) != told(store)
