"""The parent's side: starting, stopping, taking turns, cancelling; with a fake child."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing
from pathlib import Path

import pytest

from localai.conversation import Completion, Event, Finished, user
from localai.engine import frames
from localai.engine.base import Engine, LoadOptions, RenderOptions, Request
from localai.engine.process import EngineProcess
from localai.errors import ContextOverflow, EngineCrashed, EngineError, ModelError
from tests.engine.fake_child import FAULT_TOKEN
from tests.engine.faulty import fake_engine, gone, said, turn, wait_until

REQUEST = Request((1, 2, 3))
CANCELLED = Completion("cancelled", 3)


def engine_contract(options: LoadOptions) -> Engine:
    """Checked by mypy: the process satisfies the protocol."""
    return EngineProcess(options)


def test_it_starts_when_needed_and_loads_in_the_background(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        assert (engine.state, engine.pid) == ("stopped", None)
        engine.warm()
        assert engine.state in ("loading", "ready")
        wait_until(lambda: engine.state == "ready")
        assert engine.load().name == "fake"
        assert engine.pieces((1, 2)) == ("1", "2")


def test_a_path_that_cannot_be_sent_is_refused_every_time(tmp_path: Path) -> None:
    with fake_engine(tmp_path, path="\udcff.gguf") as engine:
        for _ in range(2):
            with pytest.raises(EngineError, match="not valid Unicode"):
                engine.load()
            assert (engine.state, engine.pid) == ("stopped", None)


def test_cancel_ends_a_generation_with_what_was_said(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine:
        events: list[Event] = []
        for event in engine.generate(REQUEST):
            events.append(event)
            assert engine.state == ("ready" if isinstance(event, Finished) else "busy")
            if len(events) == 1 + FAULT_TOKEN:
                engine.cancel()
        assert said(events) == "0 1 2 "
        assert events[-1] == Finished(CANCELLED)


def test_closing_the_iterator_cancels_and_the_next_answer_is_clean(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine:
        for _ in range(5):
            events = engine.generate(REQUEST)
            next(events)
            events.close()
            assert engine.state == "ready"
            assert engine.render([user("four")], RenderOptions()).ids == (0, 1, 2, 3)


def test_a_cancel_before_the_first_event_counts(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine:
        engine.load()
        events = engine.generate(REQUEST)
        engine.cancel()
        assert list(events)[-1] == Finished(CANCELLED)


def test_a_cancel_while_the_model_loads_does_not_wait_for_it(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "wait", "load") as engine:
        events = engine.generate(REQUEST)
        engine.cancel()
        assert list(events) == [Finished(Completion("cancelled"))]
        assert engine.state == "loading"


def test_one_generation_at_a_time(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine:
        events = engine.generate(REQUEST)
        next(events)
        for call in (
            lambda: engine.generate(REQUEST),
            lambda: engine.render([], RenderOptions()),
            engine.load,
            engine.unload,
        ):
            with pytest.raises(EngineError, match="busy"):
                call()
        engine.cancel()
        assert list(events)[-1] == Finished(CANCELLED)


def test_a_model_that_cannot_be_loaded_is_an_error_of_the_next_call(tmp_path: Path) -> None:
    with fake_engine(tmp_path, path="no model") as engine:
        engine.warm()
        wait_until(lambda: engine.state == "stopped")
        assert engine.pid is None
        for _ in range(2):
            with pytest.raises(ModelError, match="no such model"):
                engine.load()


def test_a_crash_while_warming_is_an_error_of_the_next_call(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "abort", "load", once=True) as engine:
        engine.warm()
        wait_until(lambda: engine.state == "crashed")
        with pytest.raises(EngineCrashed, match="loading"):
            engine.load()
        assert engine.load().name == "fake"


def test_a_death_between_two_requests_costs_nothing(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        for _ in range(2):
            engine.load()
            first = engine.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: engine.state == "crashed")
            turn(engine, [])
            assert engine.pid != first


def test_unload_ends_the_child_and_the_next_call_starts_another(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        engine.load()
        pid = engine.pid
        assert pid is not None
        engine.unload()
        assert gone(pid)
        assert (engine.state, engine.pid) == ("stopped", None)
        turn(engine, [])


def test_closing_wakes_a_waiting_thread(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path, "wait", "token")
    events = engine.generate(REQUEST)
    for _ in range(1 + FAULT_TOKEN):
        next(events)
    caught: list[EngineError] = []

    def wait() -> None:
        try:
            next(events)
        except EngineError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    engine.close()
    thread.join(20)
    assert ["closed" in str(error) for error in caught] == [True]
    with pytest.raises(EngineError, match="closed"):
        engine.load()
    engine.warm()
    assert (engine.state, engine.pid) == ("stopped", None)


def test_what_the_child_refuses_has_its_own_error(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        with pytest.raises(ContextOverflow):
            engine.probabilities((1, 2), 1)
        with pytest.raises(EngineCrashed, match="unreadable"):
            engine.tokenize("answered with the wrong kind")
        turn(engine, [])


def test_what_cannot_be_sent_leaves_the_child_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_engine(tmp_path) as engine:
        engine.load()
        pid = engine.pid
        for text in ("\ud800", "long" * 100):
            with monkeypatch.context() as patch:
                patch.setattr(frames, "MAX_FRAME", 300)
                with pytest.raises(EngineError):
                    engine.tokenize(text)
        with pytest.raises(EngineError, match="Unicode"):
            engine.render([user("\ud800")], RenderOptions())
        turn(engine, [])
        assert engine.pid == pid


def test_an_interruption_while_a_frame_moves_starts_a_new_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_engine(tmp_path) as engine:
        engine.load()
        pid = engine.pid
        assert pid is not None

        def interrupted(reader: frames.FrameReader, data: bytes) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(frames.FrameReader, "feed", interrupted)
            with pytest.raises(KeyboardInterrupt):
                engine.pieces((1,))
        assert gone(pid)
        assert engine.pieces((1,)) == ("1",)


def test_ctrl_c_while_waiting_ends_the_answer_and_keeps_the_child(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine:
        events = engine.generate(REQUEST)
        for _ in range(1 + FAULT_TOKEN):
            next(events)
        pid = engine.pid
        waiting = threading.Event()

        def press() -> None:
            waiting.wait(20)
            os.kill(os.getpid(), signal.SIGINT)

        def wait() -> None:
            waiting.set()
            next(events)

        ctrl_c = threading.Thread(target=press)
        ctrl_c.start()
        with closing(events), pytest.raises(KeyboardInterrupt):
            wait()
        ctrl_c.join()
        assert engine.state == "ready"
        assert engine.pieces((1,)) == ("1",)
        assert engine.pid == pid


def test_an_engine_that_cannot_be_started(tmp_path: Path) -> None:
    with (
        EngineProcess(
            LoadOptions("m"), log_path=tmp_path / "log", command=(str(tmp_path / "nothing"),)
        ) as engine,
        pytest.raises(EngineError, match="cannot be started"),
    ):
        engine.load()
