"""An engine takes turns with a training, and says so as long as it is in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from localai.engine.base import LoadOptions
from localai.engine.process import EngineProcess
from localai.room import Room
from tests.engine.faulty import wait_until


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


@pytest.fixture
def engine(options: LoadOptions, tmp_path: Path) -> EngineProcess:
    chatting = replace(options, kv_folder="", room=str(tmp_path))
    return EngineProcess(chatting, log_path=tmp_path / "engine.log")


def test_it_is_seen_from_its_loading_to_its_end(engine: EngineProcess, room: Room) -> None:
    with engine:
        assert not room.chatting
        engine.load()
        assert room.chatting
        engine.unload()
        wait_until(lambda: not room.chatting)
        engine.load()
        assert room.chatting
    wait_until(lambda: not room.chatting)


def test_it_loads_once_the_training_has_made_way(engine: EngineProcess, room: Room) -> None:
    with engine:
        with room.train():
            engine.warm()
            wait_until(lambda: room.chatting)  # which tells the training
            assert engine.state == "loading"
        assert engine.load().n_ctx == 256


def test_one_that_does_not_chat_waits_for_nothing(
    options: LoadOptions, room: Room, tmp_path: Path
) -> None:
    with (
        room.train(),
        EngineProcess(replace(options, kv_folder=""), log_path=tmp_path / "log") as engine,
    ):
        assert engine.load().n_ctx == 256
        assert not room.chatting
