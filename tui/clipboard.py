"""Puts text on the system's clipboard: the desktop's own tool, else the terminal (OSC 52).

The tool gets the text on standard input, never through a shell.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

TIMEOUT_SECONDS = 2.0


def tool(
    environment: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
    platform: str = sys.platform,
) -> list[str] | None:
    """The command that takes the clipboard's text on its standard input, or None.

    A remote shell (SSH_CONNECTION) has no desktop of its own unless a display is set.
    """
    candidates: list[list[str]] = []
    if platform == "darwin" and "SSH_CONNECTION" not in environment:
        candidates.append(["pbcopy"])
    if environment.get("WAYLAND_DISPLAY"):
        candidates.append(["wl-copy"])
    if environment.get("DISPLAY"):
        candidates += [["xclip", "-selection", "clipboard"], ["xsel", "--clipboard", "--input"]]
    return next((command for command in candidates if which(command[0])), None)


def copy(text: str, terminal: Callable[[str], None], command: list[str] | None) -> None:
    """Copy `text` with `command`, or with `terminal` (OSC 52) when that fails or is None."""
    if command is not None:
        try:
            subprocess.run(
                command,
                input=text.encode("utf-8", "replace"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            pass
        else:
            return
    terminal(text)
