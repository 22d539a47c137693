"""`localai tools` with MCP servers in the settings."""

from __future__ import annotations

import json
import sys

import pytest

from localai import config
from tests.cli.conftest import Engine, Run


def test_the_commands_of_the_guide(run: Run) -> None:
    pytest.importorskip("mcp_server_time")
    config.save("mcp.time.command", [sys.executable, "-m", "mcp_server_time"])
    before = run("tools", "list")
    assert "time_" not in before.stdout
    assert "localai tools list --start" in before.stderr
    asked = '{"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}'
    called = run("tools", "run", "time_convert_time", asked)
    assert called.exit_code == 0
    assert json.loads(called.stdout)["time_difference"] == "+9.0h"
    after = run("tools", "list")
    row = next(line for line in after.stdout.splitlines() if line.startswith("time_convert"))
    assert row.split("\t")[1:3] == ["network, reads, writes", "on"]
    assert after.stderr == ""
    shown = json.loads(run("tools", "show", "time_convert_time").stdout)
    assert shown["parameters"]["required"] == ["source_timezone", "time", "target_timezone"]
    wrong = run("tools", "run", "time_convert_time", "{}")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "needs the argument source_timezone" in wrong.stderr


def test_a_server_that_does_not_start_is_one_sentence(run: Run) -> None:
    config.save("mcp.lost.command", ["nonesuch"])
    listed = run("tools", "list", "--start")
    assert listed.exit_code == 1
    assert "calculator" in listed.stdout
    assert listed.stderr.count("\n") == 1
    assert "there is no program 'nonesuch'" in listed.stderr
    called = run("tools", "run", "lost_thing")
    assert (called.exit_code, called.stdout) == (1, "")
    assert "there is no program 'nonesuch'" in called.stderr
    assert "There is no tool 'found_thing'" in run("tools", "run", "found_thing").stderr


def test_a_served_tool_can_be_disabled_and_enabled(run: Run) -> None:
    pytest.importorskip("mcp_server_time")
    config.save("mcp.time.command", [sys.executable, "-m", "mcp_server_time"])
    assert run("tools", "list", "--start").exit_code == 0
    assert run("tools", "disable", "time_convert_time").exit_code == 0
    assert "\tdisabled\t" in next(
        line for line in run("tools", "list").stdout.splitlines() if "time_convert" in line
    )
    assert "is disabled; " in run("tools", "run", "time_convert_time").stderr
    assert run("tools", "enable", "time_convert_time").exit_code == 0


def test_a_served_tool_is_offered_in_a_chat_and_runs_when_allowed(run: Run) -> None:
    pytest.importorskip("mcp_server_time")
    config.save("mcp.time.command", [sys.executable, "-m", "mcp_server_time"])
    asked = '{"name": "time_get_current_time", "arguments": {"timezone": "Asia/Tokyo"}}'
    replies = [f"<tool_call>{asked}</tool_call>", "It is late."]
    denied = run("ask", "x", engine=Engine(replies, template="<tool_call>"))
    assert "did not allow this call of time_get_current_time" in denied.stderr
    told = run(
        "ask", "--json", "--allow", "time_get_current_time", "x",
        engine=Engine(replies, template="<tool_call>"),
    )  # fmt: skip
    (call,) = json.loads(told.stdout)["tool_calls"]
    assert (call["ok"], "Asia/Tokyo" in call["result"]) == (True, True)
