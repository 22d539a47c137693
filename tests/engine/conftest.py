"""What several tests of the engine begin with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localai.engine import keeper
from localai.engine.base import LoadOptions


@pytest.fixture
def options(
    tiny_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LoadOptions:
    """A small window, room for what is saved, and less that counts as long."""
    monkeypatch.setattr(keeper, "LEAST", 16)
    monkeypatch.setattr(keeper, "GAIN", 8)
    folder = str(tmp_path / "kv")
    return LoadOptions(str(tiny_model("plain")), 256, 0, 1, kv_folder=folder, kv_disk=10**9)
