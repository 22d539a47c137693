"""MCP servers whose messages are spoiled, and programs that are killed while servers run."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from localai.tools.mcp import connection
from localai.tools.mcp.servers import Servers
from tests.tools.mcp.conftest import settings, survive

SPOILED = 200
KILLS = 30
pytestmark = pytest.mark.faults


def servers_left() -> list[int]:
    """Processes of test servers that still run."""
    left = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        ours = any("tests/tools/mcp/server.py" in word for word in words)
        if ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            left.append(process.pid)
    return left


def test_spoiled_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 0.4)
    found: Counter[str] = Counter()
    for seed in range(SPOILED):
        monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / str(seed)))
        servers = Servers({"test": settings("spoil", str(seed), str(seed % 4), timeout=0.3)})
        try:
            outcomes = survive(servers)
        finally:
            servers.close()
        found.update(type(each).__name__ for each in outcomes)
        found["not started"] += not outcomes
    print(dict(found))
    assert servers_left() == []
    assert min(found[kind] for kind in ("Ok", "Failed", "TimedOut", "not started")) > 0


def test_no_server_outlives_a_program_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path))
    program = (
        "import time\n"
        "from localai.config import McpSettings\n"
        "from localai.tools.mcp.servers import Servers\n"
        f"made = Servers({{'test': McpSettings(command={settings('stubborn').command!r})}})\n"
        "print(made.start(made.names), flush=True)\n"
        "for name in ('test_child', 'test_silent', 'test_pid'):\n"
        "    made.call(made.find(name), {})\n"
    )
    for _ in range(KILLS):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as app:
            assert app.stdout is not None
            app.stdout.readline()
            time.sleep(random.uniform(0, 0.1))
            app.kill()
    until = time.monotonic() + 5
    while servers_left() and time.monotonic() < until:
        time.sleep(0.05)
    assert servers_left() == []
