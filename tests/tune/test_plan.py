"""What the settings come to as options of training."""

from __future__ import annotations

import pytest

from localai.config import TuneSettings
from localai.tune.plan import options


@pytest.mark.parametrize(
    ("rank", "alpha", "rslora", "scale"),
    [(8, 16, False, 2.0), (16, 16, False, 1.0), (16, 16, True, 4.0), (64, 32, True, 4.0)],
)
def test_the_scale(rank: int, alpha: float, rslora: bool, scale: float) -> None:
    settings = TuneSettings(rank=rank, alpha=alpha, rslora=rslora)
    assert options(settings, data=False).scale == scale


def test_a_named_data_set_has_its_own_epochs_and_recall() -> None:
    settings = TuneSettings(epochs=2, data_epochs=5, recall=3, data_recall=1)
    found = [options(settings, data=data) for data in (False, True)]
    assert [(each.epochs, each.recall) for each in found] == [(2, 3), (5, 1)]
