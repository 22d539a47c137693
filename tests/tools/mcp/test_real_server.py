"""A server that others wrote, end to end: mcp-server-time, from the package registry."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from threading import Event
from zoneinfo import ZoneInfo

import pytest

from localai.config import McpSettings, ToolSettings
from localai.tools import registry, run
from localai.tools.allowed import Allowed
from localai.tools.outcome import Failed, Ok
from tests.tools.mcp.conftest import Make, call

pytest.importorskip("mcp_server_time")
TIME = McpSettings(command=[sys.executable, "-m", "mcp_server_time", "--local-timezone", "UTC"])


def test_it_converts_times_and_knows_the_present_one(make: Make) -> None:
    servers = make(time=TIME)
    assert servers.start(servers.names) == ()
    assert [each.name for each in servers.tools()] == ["time_get_current_time", "time_convert_time"]
    outcome = call(
        servers,
        "time_convert_time",
        source_timezone="Asia/Kolkata",
        time="12:00",
        target_timezone="Asia/Tokyo",
    )
    assert isinstance(outcome, Ok)
    found = json.loads(outcome.text)
    assert found["time_difference"] == "+3.5h"
    assert "T15:30:00+09:00" in found["target"]["datetime"]
    now = json.loads(call(servers, "time_get_current_time", timezone="Asia/Tokyo").text)
    told = datetime.fromisoformat(now["datetime"])
    assert abs(datetime.now(ZoneInfo("Asia/Tokyo")) - told) < timedelta(seconds=60)
    failed = call(servers, "time_get_current_time", timezone="Middle/Earth")
    assert isinstance(failed, Failed)
    assert "Middle/Earth" in failed.text


def test_a_toolbox_calls_it_beside_our_own_tools(make: Make) -> None:
    servers = make(time=TIME)
    servers.start(servers.names)
    box = run.toolbox((*registry.offered(ToolSettings()), *servers.tools()), Allowed(), servers)
    assert {"calculator", "time_convert_time"} <= box.tools.keys()
    assert box.call("calculator", {"expression": "6 * 7"}, Event()).text == "42"
    asked = {"timezone": "Europe/Berlin"}
    assert '"Europe/Berlin"' in box.call("time_get_current_time", asked, Event()).text
    box.close()
    after = box.call("time_get_current_time", asked, Event())
    assert isinstance(after, Failed)
    assert after.text == "The MCP servers have been ended."
