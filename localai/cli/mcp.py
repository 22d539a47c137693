"""What `localai tools` does with MCP servers: list what they offer, find and call their tools.

Listing starts no server unless it is asked to; what is not known is told on stderr.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from localai.errors import ToolError

if TYPE_CHECKING:
    from localai.config import ToolSettings
    from localai.tools.allowed import Allowed
    from localai.tools.mcp.servers import Servers
    from localai.tools.outcome import Outcome
    from localai.tools.plugin import Listed
    from localai.tools.tool import Tool


@contextmanager
def servers() -> Iterator[Servers]:
    """The servers of the settings, ended afterwards."""
    from localai import config
    from localai.tools.mcp.servers import Servers

    found = Servers(config.load().mcp)
    try:
        yield found
    finally:
        found.close()


def listed(
    others: tuple[Listed, ...], settings: ToolSettings, *, start: bool
) -> tuple[tuple[Listed, ...], tuple[str, ...]]:
    """The tools of the servers, and what went wrong in starting them.

    `others` are the tools whose names are taken. What is left out is told on stderr.
    """
    from localai import config
    from localai.cli.failure import note
    from localai.tools.mcp import listed as served

    if not config.load().mcp:
        return (), ()
    with servers() as found:
        wrong = found.start(found.names) if start else ()
        for sentence in () if wrong else found.notes():
            note(sentence)
        return served.listed(found, {each.name for each in others}, settings), wrong


def find(name: str, found: Servers, settings: ToolSettings) -> Listed:
    """The tool of that name, a server's or another. Raises ToolError when there is none."""
    from localai.tools import registry

    try:
        return registry.find(name, settings)
    except ToolError:
        if not found.names:
            raise
        from localai.tools.mcp import listed as served

        tool = found.find(name, registry.names(settings))
        if tool is None:
            raise
        return served.one(tool, settings)


def call(tool: Tool, arguments: Mapping[str, Any], allowed: Allowed, found: Servers) -> Outcome:
    """Call a tool where it is."""
    from localai.tools.run import everywhere

    return everywhere(found)(tool, arguments, allowed, threading.Event())
