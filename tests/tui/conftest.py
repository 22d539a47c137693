from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tui.stage import Stage


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings are read from and written to a folder of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LOCALAI_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a second for a look at what learning does."""
    for module in ("tui.bridge", "tui.learning.watch"):
        monkeypatch.setattr(f"{module}.LOOK_SECONDS", 0.05)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody types while a question comes, so that it can be answered at once."""
    monkeypatch.setattr("tui.screens.consent.REST_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the cursor to come to rest on an example."""
    monkeypatch.setattr("tui.screens.review_list.PAUSE_SECONDS", 0.01)


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., Stage]:
    """Builds a stage in the test's folder."""

    def build(*args: Any, **kwargs: Any) -> Stage:
        return Stage(tmp_path, *args, **kwargs)

    return build
