"""A home of its own, and plugins to put into it or to install."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.tools.plugged import install, write

Install = Callable[..., Path]
Write = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, the list of trusted files and the cache go here."""
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """`installed("wordtools", {"words": "wordtools:words"}, {"wordtools.py": TEXT})`."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def put(name: str, points: Mapping[str, str], files: Mapping[str, str]) -> Path:
        return install(site, name, points, files)

    return put


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """`written("words.py", TEXT)`: the file, in a folder that others cannot write to."""
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o700)
    return lambda name, text: write(folder / name, text)
