from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localai import paths
from localai.catalog.catalog import DEFAULT
from localai.config import Settings
from localai.errors import StoreError, UsageError
from tui.learning.tuner import Tuner, tune_command

PATIENCE_SECONDS = 10.0


def until(predicate: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not predicate():
        assert time.monotonic() < deadline, "it never happened"
        os.sched_yield()


@pytest.fixture
def start() -> Iterator[Callable[[str], Tuner]]:
    """Starts a program instead of a tune; whatever runs at the end is stopped."""
    started: list[Tuner] = []

    def begin(program: str) -> Tuner:
        tuner = Tuner((sys.executable, "-c", program))
        started.append(tuner)
        tuner.start()
        return tuner

    yield begin
    for tuner in started:
        if tuner.running:
            tuner.stop(None)
    until(lambda: not any(tuner.running for tuner in started))


def test_the_command_names_the_model_of_the_app_whatever_the_settings_say_later() -> None:
    def named(model: str = "", chosen: str = "") -> tuple[str, ...]:
        return tune_command(Settings(model=chosen), model)

    assert named("m", "other") == (sys.executable, "-m", "localai", "--model", "m", "tune")
    assert named("", "other")[4] == "other"
    assert named()[4] == DEFAULT


def test_a_tune_runs_in_a_session_of_its_own_with_a_private_log(
    start: Callable[[str], Tuner],
) -> None:
    tuner = start("import os; print(os.getsid(0) == os.getpid(), os.isatty(0))")
    until(lambda: not tuner.running)
    assert tuner.log.read_text("utf-8") == "True False\n"
    assert stat.S_IMODE(tuner.log.stat().st_mode) == 0o600
    assert tuner.failure() == ""


def test_a_tune_is_stopped_by_an_interrupt(start: Callable[[str], Tuner]) -> None:
    tuner = start(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"  # as a tune does
        "try:\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit('It was interrupted\\x1b[2J.')\n"
    )
    until(lambda: "ready" in tuner.log.read_text("utf-8"))
    assert tuner.running
    tuner.stop(None)
    until(lambda: not tuner.running)
    assert tuner.failure() == "It was interrupted."
    assert tuner.failure() == ""


def test_there_must_be_something_to_stop() -> None:
    with pytest.raises(UsageError, match="No tune is running"):
        Tuner(("true",)).stop(None)


def test_a_process_that_has_just_ended_is_a_sentence(start: Callable[[str], Tuner]) -> None:
    child = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 0"], {})
    os.waitpid(child, 0)
    with pytest.raises(UsageError, match="just ended"):
        Tuner(("true",)).stop(child)


def test_a_silent_failure_is_named_by_its_code(start: Callable[[str], Tuner]) -> None:
    tuner = start("raise SystemExit(3)")
    until(lambda: not tuner.running)
    paths.night_log().write_text("Of another one.\n")
    assert "code 3" in tuner.failure()


def test_a_command_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be started"):
        Tuner((str(tmp_path / "none"),)).start()


def test_a_log_that_cannot_be_written_is_a_sentence(home: Path) -> None:
    (home / "logs" / "tune.log").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"tune\.log cannot be written"):
        Tuner((sys.executable, "-c", "")).start()
