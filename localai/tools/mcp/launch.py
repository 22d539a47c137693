"""How an MCP server is started: its command, its environment and its folder. Values only."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localai.config import McpSettings
from localai.errors import ToolError
from localai.tools.sandbox import PASSED

_PASSED = PASSED | {"USER", "LOGNAME"}
_FIXED = {"DO_NOT_TRACK": "1"}


@dataclass(frozen=True)
class Launch:
    """A server by its name in the settings. `seconds` is how long a call may take."""

    name: str
    command: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    folder: str | None = None
    seconds: float = 30.0

    @classmethod
    def by(cls, name: str, settings: McpSettings) -> Launch:
        """The server as the settings have it."""
        return cls(
            name,
            tuple(settings.command),
            tuple(sorted(settings.env.items())),
            None if settings.folder is None else str(settings.folder),
            settings.timeout,
        )

    @property
    def sha256(self) -> str:
        """Hex; of everything that decides which program runs and how."""
        parts = [list(self.command), [list(pair) for pair in self.env], self.folder]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def where(self) -> str:
        """The folder that it runs in."""
        return self.folder or os.environ.get("HOME") or "/"

    def environment(self, source: Mapping[str, str]) -> dict[str, str]:
        """What the server may know of `source`, and what the settings give it."""
        passed = {
            name: value
            for name, value in source.items()
            if name in _PASSED or name.startswith("LC_")
        }
        return passed | _FIXED | dict(self.env)

    def program(self, environment: Mapping[str, str]) -> str:
        """The path of its program. Raises ToolError when it or its folder is not there."""
        first, table = self.command[0], f"[mcp.{self.name}] in config.toml"
        if not Path(self.where).is_dir():
            raise ToolError(
                f"The MCP server {self.name} cannot be started: there is no folder {self.where}; "
                f"make it, or correct folder under {table}."
            )
        if os.sep in first:
            home = environment.get("HOME", "")
            path = Path(self.where) / (home + first[1:] if first.startswith("~/") else first)
        else:
            path = Path(shutil.which(first, path=environment.get("PATH")) or "")
        if os.access(path, os.X_OK) and path.is_file():
            return str(path)
        raise ToolError(
            f"The MCP server {self.name} cannot be started: there is no program {first!r}; "
            f"install it, or correct command under {table}."
        )
