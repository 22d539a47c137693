from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from textual.message import Message

from localai.catalog import ModelEntry
from localai.config import Settings
from localai.engine.base import ModelInfo
from localai.engine.scripted import Script, ScriptedEngine
from localai.errors import EngineCrashed, EngineError, StoreError
from localai.store.store import Store
from tests.tui.stage import entry
from tui.backend import Backend
from tui.bridge import Bridge
from tui.messages import Broken, Trouble, TurnEnded

PATIENCE_SECONDS = 10.0


class Posted:
    """What the bridge posts, for a test to wait for."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def post(self, message: Message) -> bool:
        self._messages.put(message)
        return True

    def next(self, *kinds: type[Message]) -> Message:
        """The next message of one of these kinds."""
        while not isinstance(message := self._messages.get(timeout=PATIENCE_SECONDS), kinds):
            pass
        return message


class LoadsOnce(ScriptedEngine):
    """An engine that is gone when it is asked about its model a second time."""

    loads = 0

    def load(self) -> ModelInfo:
        self.loads += 1
        if self.loads > 1:
            raise EngineCrashed("The engine was killed.")
        return super().load()


class LoadsForever(ScriptedEngine):
    """An engine whose model is loading until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.loading, self.ended = threading.Event(), threading.Event()

    def load(self) -> ModelInfo:
        self.loading.set()
        if self.ended.wait(PATIENCE_SECONDS):
            raise EngineError("The engine was closed.")
        raise AssertionError("nobody closed it")

    def close(self) -> None:
        self.ended.set()


@contextmanager
def running(bridge: Bridge) -> Iterator[Bridge]:
    bridge.start()
    try:
        yield bridge
    finally:
        bridge.close()


def test_a_turn_ends_even_if_the_engine_dies_right_after_the_answer() -> None:
    def open_engine() -> tuple[ModelEntry, ScriptedEngine]:
        return entry(), LoadsOnce(["Hello!"])

    posted = Posted()
    with running(
        Bridge(lambda: Backend(Settings(), Store.memory, open_engine, ()), posted.post)
    ) as bridge:
        bridge.send("", "hi")
        ended = posted.next(TurnEnded)
        assert isinstance(ended, TurnEnded)
        assert ended.error == ""
        trouble = posted.next(Trouble)
        assert isinstance(trouble, Trouble)
        assert trouble.sentence == "The engine was killed."


def test_closing_does_not_wait_for_a_model_that_is_loading() -> None:
    engine, posted = LoadsForever(), Posted()
    with running(
        Bridge(
            lambda: Backend(Settings(), Store.memory, lambda: (entry(), engine), ()), posted.post
        )
    ) as bridge:
        bridge.send("", "hi")
        assert engine.loading.wait(PATIENCE_SECONDS)
    ended = posted.next(TurnEnded)
    assert isinstance(ended, TurnEnded)
    assert ended.error == "The engine was closed."


@pytest.mark.parametrize(
    ("error", "kind"),
    [(StoreError("It is locked; try again."), Trouble), (ValueError("a mistake"), Broken)],
)
def test_a_backend_that_cannot_be_made_is_told(error: Exception, kind: type[Message]) -> None:
    def fail() -> Backend:
        raise error

    posted = Posted()
    with running(Bridge(fail, posted.post)):
        posted.next(kind)


def test_short_errands_do_not_wait_for_the_end_of_an_answer() -> None:
    engine, posted = ScriptedEngine([Script("one two three", hold_at=1)]), Posted()
    with running(
        Bridge(
            lambda: Backend(Settings(), Store.memory, lambda: (entry(), engine), ()), posted.post
        )
    ) as bridge:
        bridge.send("", "hi")
        assert engine.held.wait(PATIENCE_SECONDS)
        bridge.stop_tune()
        engine.release()
        first = posted.next(Trouble, TurnEnded)
        assert isinstance(first, Trouble)
        assert first.sentence == "No tune is running."
        posted.next(TurnEnded)
