"""Calling a tool where it is: Python code in a process of its own, the others at their server."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from localai.tools import standing
from localai.tools.allowed import Allowed
from localai.tools.mcp.servers import Servers
from localai.tools.outcome import Failed, Outcome
from localai.tools.place import Server
from localai.tools.tool import Tool
from localai.tools.toolbox import Run, Toolbox, in_sandbox


def everywhere(servers: Servers) -> Run:
    """What calls tools of all kinds, those of `servers` included."""

    def run(
        tool: Tool, arguments: Mapping[str, Any], allowed: Allowed, stop: threading.Event
    ) -> Outcome:
        if isinstance(tool.place, Server):
            if why := standing.objection(tool):
                return Failed(why, 0.0)
            return servers.call(tool, arguments, stop)
        return in_sandbox(tool, arguments, allowed, stop)

    return run


def toolbox(
    tools: Sequence[Tool], allowed: Allowed, servers: Servers, notes: Sequence[str] = ()
) -> Toolbox:
    """Tools of all kinds; closing the toolbox ends the servers."""
    return Toolbox(tools, allowed, everywhere(servers), servers.close, notes)
