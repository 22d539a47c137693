"""The parent's side of adapters: what is in force after refusals, deaths and restarts."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from localai.conversation import Finished
from localai.engine.base import Request
from localai.engine.process import EngineProcess
from localai.errors import AdapterError, EngineCrashed, EngineError
from tests.engine.fake_child import DEADLY, REFUSED
from tests.engine.faulty import HASH, fake_engine, gone, wait_until

OTHER = "b" * 64


def kill(engine: EngineProcess) -> None:
    """As the system does when memory is short."""
    assert engine.pid is not None
    pid = engine.pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: engine.state == "crashed")
    assert gone(pid)


def test_it_stays_in_force_over_restarts_until_the_next(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        assert engine.load().adapter == ""
        assert engine.use_adapter("one.gguf", HASH).adapter == HASH
        assert (engine.state, engine.load().adapter) == ("ready", HASH)
        kill(engine)
        assert engine.load().adapter == HASH
        engine.unload()
        assert engine.load().adapter == HASH
        assert engine.use_adapter("two.gguf", OTHER).adapter == OTHER
        assert engine.use_adapter("", "").adapter == ""
        kill(engine)
        assert engine.load().adapter == ""


def test_it_may_be_named_when_the_model_is(tmp_path: Path) -> None:
    with fake_engine(tmp_path, adapter="one.gguf") as engine:
        engine.warm()
        wait_until(lambda: engine.state == "ready")
        assert engine.load().adapter == HASH


def test_a_refusal_leaves_the_one_before_and_the_child(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        for path, sha256 in [("", ""), ("one.gguf", HASH)]:
            engine.use_adapter(path, sha256)
            pid = engine.pid
            with pytest.raises(AdapterError, match="no use"):
                engine.use_adapter(REFUSED, OTHER)
            assert (engine.state, engine.pid, engine.load().adapter) == ("ready", pid, sha256)
            kill(engine)
            assert engine.load().adapter == sha256


@pytest.mark.parametrize("fault", ["abort", "segv", "kill", "exit", "hang", "garbage"])
def test_a_deadly_one_costs_a_restart_and_is_not_read_again(fault: str, tmp_path: Path) -> None:
    with fake_engine(tmp_path, fault, "adapter") as engine:
        engine.use_adapter("one.gguf", HASH)
        with pytest.raises(AdapterError, match=f"adapter.*{DEADLY} is not tried again") as error:
            engine.use_adapter(DEADLY, OTHER)
        assert "\n" not in str(error.value)
        assert engine.state == "crashed"
        assert engine.load().adapter == HASH
        pid = engine.pid
        with pytest.raises(AdapterError, match=DEADLY):
            engine.use_adapter(DEADLY, OTHER)
        assert (engine.pid, engine.load().adapter) == (pid, HASH)


@pytest.mark.parametrize("warm", [False, True])
def test_a_deadly_one_at_the_start_is_said_once_and_left_out(warm: bool, tmp_path: Path) -> None:
    with fake_engine(tmp_path, "abort", "adapter", adapter=DEADLY) as engine:
        if warm:
            engine.warm()
            wait_until(lambda: engine.state == "crashed")
        with pytest.raises(AdapterError, match=DEADLY):
            engine.load()
        assert engine.load().adapter == ""


@pytest.mark.parametrize("warm", [False, True])
def test_one_refused_at_the_start_is_said_once_and_left_out(warm: bool, tmp_path: Path) -> None:
    with fake_engine(tmp_path, adapter=REFUSED) as engine:
        if warm:
            engine.warm()
            wait_until(lambda: engine.state == "ready")
        with pytest.raises(AdapterError, match="no use"):
            engine.load()
        pid = engine.pid
        assert (engine.load().adapter, engine.pid) == ("", pid)


def test_a_death_of_the_model_is_not_blamed_on_the_adapter(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "segv", "load", once=True, adapter="one.gguf") as engine:
        with pytest.raises(EngineCrashed, match="while loading the model"):
            engine.load()
        assert engine.load().adapter == HASH


def test_what_cannot_be_brought_back_after_a_crash_is_let_go(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "abort", "adapter", once=True) as engine:
        (tmp_path / "struck").touch()
        assert engine.use_adapter(DEADLY, HASH).adapter == HASH
        (tmp_path / "struck").unlink()
        kill(engine)
        with pytest.raises(AdapterError, match=DEADLY):
            engine.load()
        assert engine.load().adapter == ""


def test_not_while_an_answer_is_given(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine:
        events = engine.generate(Request((1, 2, 3)))
        next(events)
        with pytest.raises(EngineError, match="busy"):
            engine.use_adapter("one.gguf", HASH)
        engine.cancel()
        assert isinstance(list(events)[-1], Finished)
        assert engine.load().adapter == ""
        assert engine.use_adapter("one.gguf", HASH).adapter == HASH


def test_a_path_that_cannot_be_sent_changes_nothing(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        engine.use_adapter("one.gguf", HASH)
        with pytest.raises(EngineError, match="not valid Unicode"):
            engine.use_adapter("\udcff.gguf", OTHER)
        assert engine.load().adapter == HASH
