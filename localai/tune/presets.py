"""Named ways to tune, for those who do not want to weigh one setting against another.

A preset goes over the settings for one run; what is given on the command line goes over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from localai.config import Settings

SET = ("rank", "alpha", "rslora", "epochs", "data_epochs", "replay")
"""The settings that every preset gives."""


class Preset(NamedTuple):
    """What it sets otherwise than the settings are from the start, and the time that a run may
    take in seconds (0: as long as it needs)."""

    values: dict[str, float]
    budget: float


PRESETS = {
    "quick": Preset({"epochs": 1, "data_epochs": 3}, 600.0),
    "night": Preset({}, 0.0),
}


def settings_with(settings: Settings, name: str) -> Settings:
    """The settings with those of the preset `name` over them."""
    from localai.config import TuneSettings

    values = TuneSettings().model_dump(include=set(SET)) | PRESETS[name].values
    return settings.model_copy(update={"tune": settings.tune.model_copy(update=values)})
