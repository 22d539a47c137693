"""How an MCP server is started: its command, its environment and its folder.

What a command loads beyond the files that it names (a package, a module) is not known here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localai.config import McpSettings
from localai.digest import sha256
from localai.errors import ToolError
from localai.tools.sandbox import PASSED, passed

_PASSED = PASSED | {"USER", "LOGNAME"}
_FIXED = {"DO_NOT_TRACK": "1"}
MOST_HASHED = 256 << 20
"""Bytes of a file whose content is hashed; a longer one counts by its size and its times."""


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

    def code_hash(self) -> str:
        """SHA-256, hex: `sha256` with the content, as it is now, of its program and of every
        file that a word of its command names.

        Raises ToolError when the program is not there.
        """
        program = Path(self.program(self.environment(os.environ)))
        named = (Path(self.where, word) for word in self.command[1:])
        parts = [self.sha256, *map(_content, (program, *named))]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def where(self) -> str:
        """The folder that it runs in."""
        return self.folder or os.environ.get("HOME") or "/"

    def environment(self, source: Mapping[str, str]) -> dict[str, str]:
        """What the server may know of `source`, and what the settings give it."""
        return passed(source, _PASSED) | _FIXED | dict(self.env)

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


def _content(path: Path) -> str | None:
    """What stands for a file's content; None when it is no ordinary file."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_size <= MOST_HASHED and os.access(path, os.R_OK):
            return sha256(path)
    except OSError:
        return None
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
