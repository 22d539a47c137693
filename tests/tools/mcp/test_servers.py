"""MCP servers as a session uses them: listed, started late, called, stopped, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from localai.tools.mcp import servers as servers_module
from localai.tools.outcome import Failed, Ok, TimedOut, TooMuchOutput
from localai.tools.place import Server
from localai.tools.tool import EFFECTS
from tests.tools.mcp.conftest import Make, call, settings, tool


def gone(pid: int) -> bool:
    """Whether a process has ended, waited for at most five seconds."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_a_tool_is_found_described_and_called(make: Make) -> None:
    servers = make()
    assert (servers.tools(), servers.unknown()) == ((), ("test",))
    echo = tool(servers, "test_echo")
    assert echo.description == "Do echo."
    assert echo.parameters["required"] == ["text"]
    assert isinstance(echo.place, Server)
    assert echo.place.name == "test"
    assert echo.effects == set(EFFECTS)
    assert echo.acts
    assert echo.untrusted
    outcome = servers.call(echo, {"text": "hello"})
    assert isinstance(outcome, Ok)
    assert outcome.text == "hello"
    assert servers.unknown() == ()


def test_what_is_offered_is_remembered_without_starting_anything(make: Make, home: Path) -> None:
    before = make()
    before.start(before.names)
    before.close()
    again = make()
    assert [each.name for each in again.tools()][:2] == ["test_echo", "test_silent"]
    assert again.tools() == before.tools()
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in [home, *files])


def test_what_is_remembered_ends_with_another_command(make: Make) -> None:
    before = make(test=settings("good"))
    before.start(before.names)
    assert make(test=settings("good", env={"A": "1"})).unknown() == ("test",)
    stale = before.tools()[0]
    outcome = make(test=settings("noisy")).call(stale, {"text": "a"})
    assert isinstance(outcome, Failed)
    assert "not the one any more" in outcome.text


def test_a_damaged_memory_is_asked_for_again(make: Make, home: Path) -> None:
    servers = make()
    servers.start(servers.names)
    (kept,) = (home / "mcp").iterdir()
    kept.write_bytes(kept.read_bytes()[:-20])
    assert servers.unknown() == ("test",)
    assert call(make(), "test_echo", text="again").text == "again"


def test_a_server_that_is_switched_off_offers_nothing(make: Make) -> None:
    servers = make(test=settings("good", enabled=False))
    assert servers.names == ()
    assert servers.find("test_echo") is None


def test_nothing_of_the_sdk_is_imported_until_a_server_is_used(make: Make, home: Path) -> None:
    first = make()
    first.start(first.names)
    program = (
        "import sys\n"
        "from localai.config import McpSettings\n"
        "from localai.tools.mcp.servers import Servers\n"
        f"made = Servers({{'test': McpSettings(command={settings('good').command!r})}})\n"
        "assert made.tools(), 'not remembered'\n"
        "assert not {'mcp', 'anyio'} & set(sys.modules), 'imported'\n"
        "made.call(made.tools()[0], {'text': 'a'})\n"
        "assert 'mcp' in sys.modules\n"
        "made.close()\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_wrong_arguments_do_not_reach_the_server(make: Make) -> None:
    servers = make()
    outcome = call(servers, "test_echo", text=3)
    assert isinstance(outcome, Failed)
    assert outcome.text == "text must be text, not 3."
    assert call(servers, "test_echo").text == "test_echo needs the argument text."


def test_what_a_server_reports_as_an_error_is_a_failure(make: Make) -> None:
    servers = make()
    failed = call(servers, "test_fail")
    assert isinstance(failed, Failed)
    assert failed.text == "The moon is in the way."
    refused = call(servers, "test_refuse")
    assert isinstance(refused, Failed)
    assert refused.text == "The MCP server test says: Not on Sundays."


def test_results_that_are_no_text_are_named(make: Make) -> None:
    servers = make()
    assert call(servers, "test_picture").text == (
        "Look:\n[image: image/png, 3.0 KB]\n[resource: memo://1]\na note\n[resource: two, memo://2]"
    )
    assert json.loads(call(servers, "test_structured").text) == {"degrees": 21}
    assert call(servers, "test_mute").text == ""
    assert isinstance(call(servers, "test_huge"), TooMuchOutput)


def test_a_call_ends_soon_when_it_is_stopped_and_the_server_goes_on(make: Make) -> None:
    servers = make()
    before = call(servers, "test_pid").text
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    outcome = servers.call(tool(servers, "test_silent"), {}, stop)
    assert isinstance(outcome, Failed)
    assert "was stopped" in outcome.text
    assert outcome.seconds < 2
    while call(servers, "test_stopped").text == "0":
        time.sleep(0.01)
    assert call(servers, "test_pid").text == before


def test_a_call_that_takes_too_long_ends_the_server_and_the_next_one_starts_it(make: Make) -> None:
    servers = make(test=settings("good", timeout=0.3))
    pid = int(call(servers, "test_pid").text)
    outcome = call(servers, "test_silent")
    assert isinstance(outcome, TimedOut)
    assert outcome.text == "test_silent took more than 0.3 s."
    assert gone(pid)
    assert int(call(servers, "test_pid").text) != pid


def test_a_server_is_ended_although_something_it_left_behind_holds_its_pipes(make: Make) -> None:
    servers = make(test=settings("good", timeout=0.5))
    runaway, pid = (int(call(servers, name).text) for name in ("test_escape", "test_pid"))
    try:
        assert isinstance(call(servers, "test_silent"), TimedOut)
        until = time.monotonic() + 5
        while psutil.pid_exists(pid) and time.monotonic() < until:
            time.sleep(0.01)
        assert not psutil.pid_exists(pid)  # it was waited for, too
    finally:
        os.kill(runaway, signal.SIGKILL)


def test_a_server_that_reads_nothing_can_be_stopped(make: Make) -> None:
    """The arguments are longer than a pipe holds, so the request itself hangs."""
    servers = make()
    for name, arguments in (("test_deaf", {}), ("test_echo", {"text": "x" * 500_000})):
        stop = threading.Event()
        threading.Timer(0.2, stop.set).start()
        outcome = servers.call(tool(servers, name), arguments, stop)
        assert isinstance(outcome, Failed)
        assert outcome.seconds < 2
    assert call(servers, "test_echo", text="fresh").text == "fresh"


def test_a_server_that_dies_fails_the_call_and_is_started_by_the_next(make: Make) -> None:
    servers = make()
    outcome = call(servers, "test_crash")
    assert isinstance(outcome, Failed)
    assert "ended with exit code 7: Goodbye." in outcome.text
    log = Path(outcome.text.split()[-1].rstrip("."))
    assert log.read_text() == "Goodbye.\n"
    assert call(servers, "test_echo", text="back").text == "back"


def test_calls_of_several_threads_go_side_by_side(make: Make) -> None:
    servers = make()
    echo = tool(servers, "test_echo")
    texts = [str(number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: servers.call(echo, {"text": text}).text, texts))
    assert found == texts


def test_closing_ends_the_server_and_all_it_started(make: Make) -> None:
    servers = make()
    pids = [int(call(servers, name).text) for name in ("test_pid", "test_child")]
    echo = tool(servers, "test_echo")
    servers.close()
    assert all(map(gone, pids))
    outcome = servers.call(echo, {"text": "a"})
    assert isinstance(outcome, Failed)
    servers.close()


def test_closing_does_not_wait_for_a_stubborn_server(make: Make) -> None:
    servers = make(test=settings("stubborn"))
    pid = int(call(servers, "test_pid").text)
    began = time.monotonic()
    servers.close()
    assert time.monotonic() - began < servers_module.CLOSE_SECONDS
    assert gone(pid)


def test_a_stubborn_server_ends_when_the_program_is_killed(home: Path) -> None:
    program = (
        "import time\n"
        "from localai.config import McpSettings\n"
        "from localai.tools.mcp.servers import Servers\n"
        f"made = Servers({{'test': McpSettings(command={settings('stubborn').command!r})}})\n"
        "for name in ('test_pid', 'test_child'):\n"
        "    print(made.call(made.find(name), {}).text, flush=True)\n"
        "time.sleep(600)\n"
    )
    app = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert app.stdout is not None
    with app:
        pids = [int(app.stdout.readline()) for _ in range(2)]
        app.kill()
    assert all(map(gone, pids))


def test_a_server_knows_only_what_it_needs(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    monkeypatch.setenv("LC_TIME", "en_GB.UTF-8")
    servers = make(test=settings("good", env={"GIVEN": "this"}, folder=tmp_path))
    found = json.loads(call(servers, "test_environment").text)
    assert found["env"]["GIVEN"] == "this"
    assert found["env"]["LC_TIME"] == "en_GB.UTF-8"
    assert found["env"]["PATH"] == os.environ["PATH"]
    assert not {"SECRET_TOKEN", "LOCALAI_HOME", "PYTHONPATH"} & found["env"].keys()
    assert found["cwd"] == str(tmp_path.resolve())
    assert call(servers, "test_limits").text == "0"


def test_what_a_server_asks_of_us_is_refused(make: Make) -> None:
    codes = json.loads(call(make(), "test_ask").text)
    assert set(codes) == {
        "sampling/createMessage",
        "elicitation/create",
        "roots/list",
        "shell/run",
    }
    assert all(code < 0 for code in codes.values())


def test_a_server_is_told_that_we_offer_nothing(make: Make) -> None:
    assert json.loads(call(make(), "test_client").text) == {
        "capabilities": {},
        "name": "localai",
    }


def test_a_server_that_speaks_only_the_newer_protocol(make: Make) -> None:
    assert call(make(test=settings("modern")), "test_echo", text="new").text == "new"


def test_tools_of_two_servers_have_names_of_their_own(make: Make) -> None:
    servers = make(one=settings("good"), **{"two-b": settings("good")})
    assert servers.start(servers.names) == ()
    assert call(servers, "one_pid").text != call(servers, "two_b_pid").text
