"""Where a tool's code is. Values only."""

from __future__ import annotations

from dataclasses import dataclass

BUILTIN = "localai.tools.builtin."


@dataclass(frozen=True)
class Module:
    """A module that is imported by its name: ours, or one of an installed package."""

    module: str


@dataclass(frozen=True)
class File:
    """A Python file in a folder that the user trusts, whose content had this sha256 (hex) then."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Server:
    """An MCP server by its name in the settings; `sha256` (hex) is of how it is started."""

    name: str
    sha256: str


Place = Module | File | Server
