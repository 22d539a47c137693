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


def test_a_home_stays_where_it_is_when_somebody_goes_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCALAI_HOME", "data")
    assert paths.adapters() == tmp_path / "data" / "adapters"
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigError, match="'data', which leads nowhere; set it to"):
        paths.home()


def test_a_home_that_leads_nowhere_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAI_HOME", "~nobody-here/x")
    for place in (paths.home, paths.config_file, paths.database, paths.logs, paths.trusted):
        with pytest.raises(ConfigError, match="'~nobody-here/x', which leads nowhere; set it to"):
            place()
