"""Where the data folder is."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai import paths
from localai.errors import ConfigError


def test_the_environment_moves_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/elsewhere")
    monkeypatch.setenv("LOCALAI_HOME", "~/data")
    assert paths.home() == Path("/elsewhere/data")
    assert paths.config_file() == Path("/elsewhere/data/config.toml")


def test_a_home_that_leads_nowhere_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAI_HOME", "~nobody-here/x")
    for place in (paths.home, paths.config_file, paths.database, paths.logs, paths.trusted):
        with pytest.raises(ConfigError, match="'~nobody-here/x', which leads nowhere; set it to"):
            place()
