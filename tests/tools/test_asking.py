"""Asking plugins what they offer: what is kept of a failure, and an end before all have said."""

from __future__ import annotations

import _thread
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from localai.config import ToolSettings
from localai.tools import descriptions, registry, sandbox
from localai.tools.descriptions import Descriptions
from localai.tools.outcome import BrokenOff, Limits, Outcome, TimedOut
from localai.tools.place import File, Module
from tests.tools.conftest import Install
from tests.tools.plugged import text

pytestmark = pytest.mark.usefixtures("home")
NONE = ToolSettings()


def offered(stop: threading.Event | None = None) -> set[str]:
    return {tool.name for tool in registry.offered(NONE, stop)} - set(registry.BUILTIN)


@pytest.fixture(autouse=True)
def another_process(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Begin as a process that has asked nothing; calling it begins another one."""

    def begin() -> None:
        monkeypatch.setattr(descriptions, "_unanswered", {})

    begin()
    return begin


def late(*_: object) -> Outcome:
    return TimedOut("wordtools took more than 5 s.", 5.0)


def no_process(*_: object, **__: object) -> None:
    raise OSError(11, "Resource temporarily unavailable")


def killed(*_: object) -> Outcome:
    """As by a system that has run out of memory."""
    return sandbox._outcome("wordtools", b"", -9, Limits(), 0.1)


@pytest.mark.parametrize(
    ("where", "what", "failure", "said"),
    [
        (sandbox, "describe", late, "took more than 5 s"),
        (sandbox, "describe", killed, "ended before it had a result (signal 9)"),
        (subprocess, "Popen", no_process, "No process could be started"),
    ],
)
def test_what_is_no_failure_of_the_code_is_tried_again_by_the_next_process(
    installed: Install, another_process: Any, where: Any, what: str, failure: Any, said: str
) -> None:
    installed("wordtools", {"words": "wordtools:words"}, {"wordtools.py": text()})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(where, what, failure)
        assert offered() == set()
    assert offered() == set()  # this process does not ask again
    found = {each.name: each for each in registry.tools(NONE)}["words"]
    assert (found.state, said in found.why) == ("broken", True)
    another_process()
    assert {each.name: each.state for each in registry.tools(NONE)}["words"] == "new"
    assert offered() == {"words"}


def test_what_failed_for_want_of_time_works_once_it_is_asked_by_name(installed: Install) -> None:
    installed("wordtools", {"words": "wordtools:words"}, {"wordtools.py": text()})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sandbox, "describe", late)
        assert offered() == set()
    assert registry.find("words", NONE).state == "on"
    assert offered() == {"words"}


@pytest.fixture
def fast_then_slow(installed: Install, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two packages. `fast` answers at once; when that is learnt, `slow` does what it is given
    and answers no more."""
    for name in ("fast", "slow"):
        installed(name, {name: f"{name}_tool:{name}"}, {f"{name}_tool.py": text(name)})
    learnt, real, learn = threading.Event(), sandbox.describe, Descriptions._learn

    def given(then: Any) -> None:
        def describe(
            place: Module | File, limits: Limits, stop: threading.Event | None = None
        ) -> Outcome:
            if place == Module("fast_tool"):
                return real(place, limits, stop)
            assert stop
            assert learnt.wait(10)
            then()
            assert stop.wait(10)
            return BrokenOff("The call of slow_tool was stopped.", 1.0)

        monkeypatch.setattr(sandbox, "describe", describe)

    def learns(*given: Any) -> Any:
        said = learn(*given)
        learnt.set()
        return said

    monkeypatch.setattr(Descriptions, "_learn", learns)
    return given


def test_a_start_that_is_stopped_offers_what_is_known_by_then(fast_then_slow: Any) -> None:
    stop = threading.Event()
    fast_then_slow(stop.set)
    assert offered(stop) == {"fast"}
    states = {each.name: each.state for each in registry.tools(NONE)}
    assert (states["fast"], states["slow"]) == ("on", "new")


def test_an_interrupt_keeps_what_was_learnt_by_then(
    fast_then_slow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast_then_slow(_thread.interrupt_main)
    with pytest.raises(KeyboardInterrupt):
        offered()
    states = {each.name: each.state for each in registry.tools(NONE)}
    assert (states["fast"], states["slow"]) == ("on", "new")


def test_four_are_asked_at_a_time(installed: Install, tmp_path: Path) -> None:
    """Each waits until all four run."""
    for number in range(4):
        waits = (
            "import time, os\n"
            f"os.symlink('x', {str(tmp_path / f'here_{number}')!r})\n"
            f"while len([n for n in os.listdir({str(tmp_path)!r}) if n[:5] == 'here_']) < 4:\n"
            "    time.sleep(0.01)\n"
        )
        name = f"say_{number}"
        installed(name, {name: f"m_{name}:{name}"}, {f"m_{name}.py": text(name, more=waits)})
    assert offered() == {f"say_{number}" for number in range(4)}
