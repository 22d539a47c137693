"""Named ways to tune."""

from __future__ import annotations

from localai.config import Settings, TuneSettings
from localai.tune.presets import PRESETS, SET, settings_with


def test_night_is_what_the_settings_say_from_the_start() -> None:
    assert settings_with(Settings(), "night") == Settings()
    assert PRESETS["night"].budget == 0


def test_a_preset_goes_over_the_settings_and_is_one() -> None:
    mine = Settings(tune=TuneSettings(epochs=9, rank=64, replay=0.9, learning_rate=1e-3))
    for name, preset in PRESETS.items():
        tune = settings_with(mine, name).tune
        given = TuneSettings().model_dump() | preset.values
        assert {key: getattr(tune, key) for key in SET} == {key: given[key] for key in SET}
        assert tune.learning_rate == 1e-3
        assert TuneSettings.model_validate(tune.model_dump()) == tune
    assert mine.tune.epochs == 9
