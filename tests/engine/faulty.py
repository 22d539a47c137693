"""Running one fault of the fake child against the parent, and checking what must hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event as Signal

from localai.conversation import Delta, Event, Finished, PromptProgress, user
from localai.engine.base import AdapterFile, LoadOptions, RenderOptions, Request
from localai.engine.process import EngineProcess, Limits
from localai.errors import EngineCrashed
from tests.engine.fake_child import FAULT_TOKEN, TOKENS

FAULTS = ("abort", "segv", "kill", "exit", "hang", "half", "garbage", "line", "oversized")
STAGES = ("load", "render", "prompt", "token")
HASH = "a" * 64
CHILD = Path(__file__).with_name("fake_child.py")


def fake_engine(
    folder: Path,
    fault: str = "none",
    stage: str = "",
    *,
    once: bool = False,
    path: str = "m.gguf",
    adapter: str = "",
) -> EngineProcess:
    """An engine whose child is the fake one; limits are short where it is to hang."""
    flag = (str(folder / "struck"),) if once else ()
    short = Limits(load=4.0, render=0.5, prompt=1.0, token=1.0)
    return EngineProcess(
        LoadOptions(path, adapter=AdapterFile(adapter, adapter and HASH)),
        log_path=folder / "engine.log",
        command=(sys.executable, str(CHILD), fault, stage, *flag),
        limits=short if fault == "hang" else None,
    )


def turn(engine: EngineProcess, seen: list[Event]) -> None:
    """Render and generate, noting every event."""
    prompt = engine.render([user("hello")], RenderOptions())
    for event in engine.generate(Request(prompt.ids)):
        seen.append(event)


def said(events: list[Event]) -> str:
    """The text of the deltas."""
    return "".join(event.text for event in events if isinstance(event, Delta))


def gone(pid: int) -> bool:
    """Whether no such process is left, not even a zombie of ours."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until(predicate: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something to become true."""
    pause = Signal()
    for _ in range(int(seconds / 0.01)):
        if predicate():
            return
        pause.wait(0.01)
    raise AssertionError("it did not become true")


def survive(folder: Path, fault: str, stage: str) -> str:
    """One fault: partial events delivered, a plain error, a new child that answers.

    Returns the error's sentence.
    """
    with fake_engine(folder, fault, stage, once=True) as engine:
        events: list[Event] = []
        engine.warm()
        first = engine.pid
        assert first is not None
        try:
            turn(engine, events)
        except EngineCrashed as error:
            sentence = str(error)
        else:
            raise AssertionError("the fault did not strike")
        assert engine.state == "crashed"
        assert gone(first)
        expected = "".join(f"{k} " for k in range(FAULT_TOKEN)) if stage == "token" else ""
        assert said(events) == expected
        assert bool(events) == (stage == "token")
        again: list[Event] = []
        turn(engine, again)
        assert isinstance(again[0], PromptProgress)
        assert said(again) == "".join(f"{k} " for k in range(TOKENS))
        assert isinstance(again[-1], Finished)
        second = engine.pid
        assert second is not None
    assert gone(second)
    return sentence
