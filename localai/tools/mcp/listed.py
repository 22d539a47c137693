"""The tools of MCP servers as `localai tools` lists them, and those that a model is offered."""

from __future__ import annotations

from collections.abc import Collection

from localai.config import ToolSettings
from localai.tools.mcp.servers import Servers
from localai.tools.place import Server
from localai.tools.plugin import Listed
from localai.tools.registry import disabled, usable
from localai.tools.tool import Tool


def listed(servers: Servers, taken: Collection[str], settings: ToolSettings) -> tuple[Listed, ...]:
    """What is known of the servers' tools; none has a name in `taken`. Nothing is started."""
    return tuple(one(tool, settings) for tool in servers.tools(taken))


def one(tool: Tool, settings: ToolSettings) -> Listed:
    """How a server's tool stands."""
    assert isinstance(tool.place, Server)
    origin = f"the MCP server {tool.place.name}"
    if tool.name in settings.disabled:
        return Listed(tool.name, origin, "disabled", disabled(tool.name), tool)
    return Listed(tool.name, origin, "on", "", tool)


def offered(servers: Servers, taken: Collection[str], settings: ToolSettings) -> tuple[Tool, ...]:
    """The servers' tools that are on."""
    return usable(listed(servers, taken, settings))
