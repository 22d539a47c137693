"""While the model comes, the reader is told what is waited for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from localai import paths
from localai.chat.answering import Events
from localai.cli.interrupts import Interrupts
from localai.cli.output import Silent
from localai.cli.progress import Progress
from localai.cli.turn import LOADING, PAUSING, Turn
from localai.room import Room


class Told(Progress):
    """Notes what is shown."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.sentences: list[str] = []

    def show(self, text: str) -> None:
        self.sentences.append(text)


def _nothing() -> Events:
    yield from ()


def told() -> list[str]:
    """What is told of a turn whose model does not come."""
    progress = Told()
    with pytest.raises(AssertionError, match="a turn ends with its answer"):
        Turn(Silent(), progress, Interrupts()).run(_nothing())
    return progress.sentences


def test_that_a_tune_pauses_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path))
    assert told() == [LOADING]
    with Room(paths.home()).train() as trains:
        trains(1)
        assert told() == [PAUSING]
    assert told() == [LOADING]
