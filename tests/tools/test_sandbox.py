"""The process of a tool call: what it may take, how it ends, and that nothing is left of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from localai.tools import sandbox
from localai.tools.allowed import Allowed
from localai.tools.builtin.calculator import calculator
from localai.tools.outcome import MB, Failed, Limits, Ok, Outcome, TimedOut, TooMuchOutput
from localai.tools.tool import Tool, tool
from tests.tools import strange

QUICK = Limits(wall_seconds=2)
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits address space")


def run(tool: Tool, limits: Limits | None = None, **arguments: Any) -> Outcome:
    """One call."""
    return sandbox.run(tool, arguments, limits)


def until(condition: Callable[[], bool]) -> None:
    """Wait for it, up to 20 s."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(pid: int) -> bool:
    """Whether the process runs no more; whoever inherited it may still have to reap it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_result_comes_back() -> None:
    outcome = run(calculator, expression="2 + 2")
    assert isinstance(outcome, Ok)
    assert outcome.text == "4"
    assert 0 < outcome.seconds < 10


def test_what_is_no_text_comes_back_as_json() -> None:
    assert run(strange.table).text == '{"ä": [1, 2.5, null, true]}'
    assert run(strange.half_a_pair).text == "a\\ud800b"


def test_any_text_goes_there_and_back() -> None:
    text = "ä\n\0\x1b\u2028😀" * 500
    assert run(strange.echo, text=text, times=2).text == text * 2
    assert run(strange.echo, text="\ud800").text == "\\ud800"


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        (strange.echo, {}, "echo needs the argument text."),
        (strange.echo, {"text": "x" * MB}, "The arguments of echo are longer than 1 MB."),
        (strange.refuse, {}, "There is no such thing."),
        (strange.stumble, {}, "The tool stumble failed (KeyError: 'first line\\nsecond line')."),
        (strange.leave, {}, "The tool leave failed (SystemExit: 3)."),
        (
            strange.vanish,
            {"code": 5},
            "The tool vanish ended before it had a result (exit code 5).",
        ),
        (
            strange.kill_itself,
            {"number": signal.SIGSEGV.value},
            f"The tool kill_itself ended before it had a result (signal {signal.SIGSEGV.value}).",
        ),
        (
            strange.nothing_json,
            {},
            "The tool nothing_json failed (TypeError: Object of type object is not JSON "
            "serializable).",
        ),
        (strange.babble, {}, "The tool babble ended in the middle of its result."),
    ],
)
def test_every_failure_is_a_sentence(tool: Tool, arguments: dict[str, Any], sentence: str) -> None:
    outcome = sandbox.run(tool, arguments)
    assert isinstance(outcome, Failed)
    assert outcome.text == sentence


def test_a_tool_that_cannot_be_found_again() -> None:
    @tool
    def inner() -> None:
        """Hide in a function."""

    outcome = run(inner)
    assert isinstance(outcome, Failed)
    assert outcome.text.startswith("The tool inner cannot be loaded (AttributeError: ")


def test_no_process_could_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    outcome = run(strange.table)
    assert isinstance(outcome, Failed)
    assert outcome.text == "No process could be started for table (No such file or directory)."


def test_waiting_ends_at_the_wall_clock(tmp_path: Path) -> None:
    outcome = run(strange.hang, QUICK, file=str(tmp_path / "pid"))
    assert isinstance(outcome, TimedOut)
    assert outcome.text == "hang took more than 2 s."
    assert 2 <= outcome.seconds < 10
    until(lambda: ended(int((tmp_path / "pid").read_text())))


def test_computing_ends_at_the_processor_time() -> None:
    outcome = run(strange.compute, Limits(cpu_seconds=1, wall_seconds=60))
    assert isinstance(outcome, TimedOut)
    assert outcome.text == "compute computed for more than 1 s."


@linux
def test_memory_has_a_limit() -> None:
    assert run(strange.take, megabytes=200).text == str(200 * MB)
    outcome = run(strange.take, megabytes=300)
    assert isinstance(outcome, Failed)
    assert outcome.text == "The tool take needs more than the 256 MB it may use."


def test_a_result_has_a_limit() -> None:
    limits = Limits(output_bytes=10_000)
    assert run(strange.echo, limits, text="\0", times=10_000).text == "\0" * 10_000
    outcome = run(strange.echo, limits, text="ä", times=5_001)
    assert isinstance(outcome, TooMuchOutput)
    assert outcome.text == "The result of echo is longer than 9 KB; ask for less."


def test_a_flood_into_the_pipe_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    flood = f"exec {sys.executable} -c 'while True: print(chr(120) * 9999)'"
    start: Any = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **more: start(["sh", "-c", flood], **more))
    assert isinstance(run(strange.table), TooMuchOutput)


def test_what_a_tool_prints_is_no_result() -> None:
    assert run(strange.chatter).text == "done"


@pytest.mark.parametrize("wait", [False, True])
def test_what_a_tool_started_ends_with_it(tmp_path: Path, wait: bool) -> None:
    outcome = run(
        strange.leave_a_child, QUICK if wait else None, file=str(tmp_path / "pid"), wait=wait
    )
    assert isinstance(outcome, TimedOut if wait else Ok)
    until(lambda: ended(int((tmp_path / "pid").read_text())))


def test_a_fork_neither_delays_the_answer_nor_stays(tmp_path: Path) -> None:
    outcome = run(strange.leave_a_fork, Limits(wall_seconds=60), file=str(tmp_path / "pid"))
    assert outcome.text == "The tool leave_a_fork ended before it had a result (exit code 7)."
    assert outcome.seconds < 30
    until(lambda: ended(int((tmp_path / "pid").read_text())))


def test_a_call_ends_with_the_app(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    program = (
        "import sys\n"
        "from localai.tools import sandbox\n"
        "from tests.tools import strange\n"
        "sandbox.run(strange.hang, {'file': sys.argv[1]})\n"
    )
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    app = subprocess.Popen([sys.executable, "-c", program, str(file)], env=os.environ | path)
    try:
        until(file.exists)
    finally:
        app.kill()
        app.wait()
    until(lambda: ended(int(file.read_text())))


def test_ctrl_c_ends_the_call(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    def interrupt() -> None:
        until(file.exists)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(strange.hang, Limits(wall_seconds=60), file=str(file))
    thread.join()
    until(lambda: ended(int(file.read_text())))


def test_a_tool_sees_no_secret_and_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("LOCALAI_HOME", "/somewhere")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        seen = json.loads(run(strange.surroundings).text)
    finally:
        os.close(read)
        os.close(write)
    assert seen["environment"].keys() <= sandbox.PASSED | sandbox.FIXED.keys() | {
        "PYTHONPATH",
        *(name for name in os.environ if name.startswith("LC_")),
        "LC_CTYPE",  # Python sets it for itself
    }
    # Its own three, and the two pipes that end with it.
    assert len(seen["descriptors"]) <= 5
    assert (seen["stdin"], seen["folder"], seen["session"]) == ("", "/", True)
    heavy = {"pydantic", "textual", "llama_cpp", "mlx", "msgspec", "numpy", "site", "asyncio"}
    assert heavy.isdisjoint(seen["modules"])


def test_a_tool_of_a_stranger_is_not_told_where_our_files_are() -> None:
    allowed = Allowed(data="/somewhere", conversation="one")
    assert sandbox.run(strange.whereabouts, {}, allowed=allowed).text == '["", ""]'


def test_only_what_is_built_in_may_keep_files_of_its_own(tmp_path: Path) -> None:
    claims = replace(strange.write_undeclared, own_files=MB)
    outcome = sandbox.run(claims, {"file": str(tmp_path / "file")})
    assert isinstance(outcome, Failed)
    assert "File too large" in outcome.text


def test_only_a_declared_writer_can_write(tmp_path: Path) -> None:
    file = tmp_path / "file"
    outcome = run(strange.write_undeclared, file=str(file))
    assert isinstance(outcome, Failed)
    assert "File too large" in outcome.text
    assert not file.exists() or not file.read_bytes()

    small = Limits(file_bytes=100 << 10)
    assert isinstance(run(strange.write, small, file=str(file), kilobytes=100), Ok)
    assert isinstance(run(strange.write, small, file=str(file), kilobytes=101), Failed)


def test_what_a_tool_writes_is_private(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert isinstance(run(strange.write, file=str(file), kilobytes=1), Ok)
    assert file.stat().st_mode & 0o077 == 0


def test_the_parent_has_no_zombie_and_no_open_pipe_after_calls() -> None:
    me = psutil.Process()
    before = me.num_fds()
    for one, arguments in ((strange.vanish, {"code": 1}), (strange.hang, {})):
        sandbox.run(one, arguments, QUICK)
    assert me.num_fds() == before
    assert [child for child in me.children() if child.status() == psutil.STATUS_ZOMBIE] == []


def test_a_low_limit_of_the_machine_stays() -> None:
    program = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (9, 9))\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "from localai.tools import sandbox\n"
        "from tests.tools import strange\n"
        "limits = sandbox.Limits(cpu_seconds=100)\n"
        "print(sandbox.run(strange.echo, {'text': 'there'}, limits).text)\n"
    )
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.check_output([sys.executable, "-c", program], env=os.environ | path)
    assert said.strip() == b"there"
