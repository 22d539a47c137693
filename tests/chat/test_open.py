"""From settings to the options a model is loaded with, and refusals before it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai import paths
from localai.catalog import ModelEntry, window
from localai.catalog.entry import from_path
from localai.catalog.fit import fit
from localai.catalog.gguf import read_header
from localai.catalog.window import MARGIN
from localai.chat.open import load_options, open_engine
from localai.config import EngineSettings, Settings
from localai.engine.base import Engine, LoadOptions
from localai.engine.scripted import ScriptedEngine
from localai.errors import ModelError
from localai.room import Room
from tests.catalog import toy


class Noted(ScriptedEngine):
    """Knows how it was to be loaded."""

    def __init__(self, options: LoadOptions) -> None:
        super().__init__()
        self.options = options


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    monkeypatch.setattr(window, "has_discrete_gpu", lambda: False)
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))
    path = toy.write(
        tmp_path / "toy.gguf",
        llama__context_length=8192,
        llama__embedding_length=256,
        llama__block_count=500,
    )
    return from_path(path)


def need(entry: ModelEntry, tokens: int) -> int:
    """What a window of so many tokens needs."""
    assert entry.path is not None
    return fit(read_header(entry.path), tokens).total + MARGIN


def with_free(monkeypatch: pytest.MonkeyPatch, entry: ModelEntry, tokens: int) -> None:
    """Just as much is free."""
    monkeypatch.setattr(window, "free_memory", lambda: need(entry, tokens))


def settings(context: int = 0, gpu_layers: int = -1) -> Settings:
    return Settings(engine=EngineSettings(context=context, gpu_layers=gpu_layers))


def test_the_settings_are_passed_on(entry: ModelEntry) -> None:
    engine = EngineSettings(context=300, gpu_layers=0, threads=3, kv_type="q8_0")
    expected = LoadOptions(str(entry.path), 300, 0, 3, kv_disk=2 * 10**9, kv_type="q8_0")
    assert load_options(Settings(engine=engine), entry, private=True) == expected


def test_the_window_follows_the_free_memory(
    entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_free(monkeypatch, entry, 8192)
    assert load_options(settings(), entry).n_ctx == 8192
    with_free(monkeypatch, entry, 4096)
    assert load_options(settings(), entry).n_ctx == 4096
    monkeypatch.setattr(window, "has_discrete_gpu", lambda: True)
    assert load_options(settings(), entry).n_ctx == 8192
    assert load_options(settings(gpu_layers=0), entry).n_ctx == 4096


def test_what_a_training_that_makes_way_has_is_free(
    entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_free(monkeypatch, entry, 4096)
    more = need(entry, 8192) - need(entry, 4096)
    monkeypatch.setattr(window, "own_memory", {77: more}.get)
    with Room(paths.home()).train() as trains:
        trains(77)
        assert load_options(settings(), entry).n_ctx == 8192
    assert load_options(settings(), entry).n_ctx == 4096


def test_a_chat_takes_turns_with_a_training_and_a_tune_does_not(
    entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_free(monkeypatch, entry, 8192)
    _, engine = open_engine(settings(), str(entry.path), Noted)
    assert isinstance(engine, Noted)
    assert engine.options.room == str(paths.home())
    assert load_options(settings(), entry).room == ""


def test_what_does_not_fit_starts_no_engine(
    entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(options: LoadOptions) -> Engine:
        raise AssertionError("an engine was made")

    with_free(monkeypatch, entry, 4096)
    with pytest.raises(ModelError, match=r"engine\.context to at most 4096"):
        open_engine(settings(5000), str(entry.path), never)
    with_free(monkeypatch, entry, 1024)
    with pytest.raises(ModelError, match=r"with a window of 2,048 tokens and .* are free"):
        open_engine(settings(), str(entry.path), never)
