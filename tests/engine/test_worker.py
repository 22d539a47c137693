"""The child's precautions: it dies with its parent, keeps its pipe clean, knows no secrets."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from localai.conversation import Delta
from localai.engine.base import LoadOptions, Request
from localai.engine.process import EngineProcess
from localai.errors import EngineCrashed, EngineError
from tests.engine.faulty import wait_until

WORKER = str(Path(__file__).with_name("fake_worker.py"))
PARENT = """
import sys
from pathlib import Path
from localai.engine.base import LoadOptions, Request
from localai.engine.process import EngineProcess

command = (sys.executable, *sys.argv[2:])
engine = EngineProcess(LoadOptions("m"), log_path=Path(sys.argv[1]), command=command)
events = engine.generate(Request((1,)))
next(events)
print(engine.pid, flush=True)
next(events)
"""


def dead(pid: int) -> bool:
    """Gone, or a zombie that only waits for whoever inherited it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def worker(folder: Path, how: str) -> EngineProcess:
    command = (sys.executable, WORKER, how)
    return EngineProcess(LoadOptions("m"), log_path=folder / "engine.log", command=command)


@pytest.mark.parametrize(
    "how",
    [
        ("unlocked",),
        pytest.param(
            ("locked", "--thread"),
            marks=pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG"),
        ),
    ],
)
def test_a_hanging_child_dies_with_its_killed_parent(tmp_path: Path, how: tuple[str, ...]) -> None:
    arguments = [sys.executable, "-c", PARENT, str(tmp_path / "log"), WORKER, *how]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not dead(child)
        parent.kill()
    wait_until(lambda: dead(child))


def test_prints_go_to_the_log_and_a_broken_service_ends_with_its_last_words(tmp_path: Path) -> None:
    with worker(tmp_path, "raise") as engine:
        events = engine.generate(Request((1,)))
        assert next(events) == Delta("one")
        with pytest.raises(EngineCrashed, match="service broke"):
            next(events)
    log = (tmp_path / "engine.log").read_text()
    assert "noise from a library" in log
    assert "noise from C" in log


def test_once_a_moment_after_the_last_command_there_is_time_for_what_can_wait(
    tmp_path: Path,
) -> None:
    log = tmp_path / "engine.log"
    with worker(tmp_path, "none") as engine:
        engine.load()
        wait_until(lambda: "rest" in log.read_text())
        engine.pieces(())
        wait_until(lambda: log.read_text().count("rest") == 2)


def test_no_secrets_and_no_core_dumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path))
    with worker(tmp_path, "limits") as engine:
        limits, *names = engine.pieces(())
    assert {"PATH", "LOCALAI_HOME", "GGML_NO_BACKTRACE"} <= set(names)
    assert "HF_TOKEN" not in names
    assert "AWS_SECRET_ACCESS_KEY" not in names
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]


def test_the_log_is_private_and_the_one_before_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text("yesterday")
    with worker(tmp_path, "none") as engine:
        engine.load()
    assert log.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "engine.log.1").read_text() == "yesterday"


def test_an_engine_without_a_log_still_answers(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with worker(tmp_path / "file" / "folder", "none") as engine:
        assert engine.load().name == "fake"


def test_an_answer_too_large_to_send_is_a_failure_not_a_death(tmp_path: Path) -> None:
    with worker(tmp_path, "large") as engine:
        with pytest.raises(EngineError, match="cannot be sent"):
            engine.pieces(())
        assert engine.load().name == "fake"


def test_the_alarm_strikes_while_python_itself_is_stuck() -> None:
    stuck = (
        "import ctypes; from localai.engine.alarm import alarm\n"
        "with alarm(60): pass\n"
        "with alarm(0.05): ctypes.PyDLL(None).sleep(60)"
    )
    done = subprocess.run([sys.executable, "-c", stuck], check=False)
    assert done.returncode == -signal.SIGALRM
