"""Named ways to tune, for those who do not want to weigh one setting against another.

A preset goes over the settings for one run; what is given on the command line goes over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from localai.config import Settings


class Preset(NamedTuple):
    """Settings of a run, as in `TuneSettings`, and the time that it may take in seconds (0:
    as long as it needs)."""

    epochs: int
    rank: int
    replay: float
    budget: float


PRESETS = {
    "quick": Preset(epochs=2, rank=8, replay=0.5, budget=600.0),
    "night": Preset(epochs=2, rank=8, replay=0.7, budget=0.0),
}


def settings_with(settings: Settings, name: str) -> Settings:
    """The settings with those of the preset `name` over them."""
    preset = PRESETS[name]
    values = {"epochs": preset.epochs, "rank": preset.rank, "replay": preset.replay}
    return settings.model_copy(update={"tune": settings.tune.model_copy(update=values)})
