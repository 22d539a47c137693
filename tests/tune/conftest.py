"""A home of its own for each test, tiny llama models of every weight type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from localai.lessons.maker import Example
from localai.store.store import Store
from localai.tune import gate, replay, training
from localai.tune.parity_result import Parity
from scripts import tiny_trained
from tests.tune import loopback
from tests.tune.nights import Nights
from tests.tune.tiny_llama import write_llama


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything that is written goes here."""
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Weight type -> a small llama model's file, written once."""
    folder = tmp_path_factory.mktemp("llama")
    return cache(lambda weights: write_llama(folder / f"{weights}.gguf", weights=weights))


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Architecture -> a model of wide rows that has learned nothing, in F32."""
    folder = tmp_path_factory.mktemp("wide")

    @cache
    def written(architecture: str) -> Path:
        tiny_trained.write(path := folder / f"{architecture}.gguf", architecture, {})
        return path

    return written


@pytest.fixture
def ring() -> None:
    """Only where MLX's ring works at all: a sandbox may have no loopback."""
    if not loopback.connects():
        pytest.skip("MLX's ring joins no two processes on this machine.")


@pytest.fixture
def nights(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    found = Nights(store, tmp_path)
    monkeypatch.setattr(replay, "examples", lambda *_: (Example((1, 2), (0.0, 1.0)),) * 30)
    monkeypatch.setattr(training, "train", found.train)
    monkeypatch.setattr(training, "parity", lambda folder, base: Parity(0.0, 0.0, 1.0, 8))
    monkeypatch.setattr(gate, "compare", found.judge)
    return found
