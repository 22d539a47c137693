"""A home of its own, and a place where the clocks change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def central_europe() -> Iterator[None]:
    """Clocks go forward at 2 on 2026-03-29, back at 3 on 2026-10-25."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()
