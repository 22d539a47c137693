"""Servers in a home of their own, ended after each test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localai.config import McpSettings
from localai.tools.mcp.offered import ServerTool
from localai.tools.mcp.servers import Servers
from localai.tools.outcome import Ok, Outcome

SERVER = Path(__file__).parent / "server.py"
Make = Callable[..., Servers]


def settings(*mode: str, **more: Any) -> McpSettings:
    """The test server in one of its modes."""
    return McpSettings(command=[sys.executable, "-S", str(SERVER), *mode], **more)


def tool(servers: Servers, name: str) -> ServerTool:
    """The tool of that name, after a start where that is needed."""
    found = servers.find(name)
    assert found is not None
    return found


def call(servers: Servers, name: str, **arguments: Any) -> Outcome:
    """Call a tool by its name."""
    return servers.call(tool(servers, name), arguments)


def survive(servers: Servers) -> list[Outcome]:
    """Start and call servers of which anything may come but an exception."""
    for sentence in servers.start(servers.names):
        assert sentence.startswith("The MCP server test does not work (")
    outcomes = []
    for each in servers.tools():
        if each.original == "echo":
            outcomes += [servers.call(each, {"text": "word"}) for _ in range(3)]
    for outcome in outcomes:
        assert isinstance(outcome, Ok) or outcome.text.endswith(".")
    return outcomes


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("LOCALAI_HOME", str(folder))
    return folder


@pytest.fixture
def make(home: Path) -> Iterator[Make]:
    """Servers from settings by name; without any, one named `test` in mode "good"."""
    made: list[Servers] = []

    def one(**by_name: McpSettings) -> Servers:
        made.append(Servers(by_name or {"test": settings("good")}))
        return made[-1]

    yield one
    for servers in made:
        servers.close()
