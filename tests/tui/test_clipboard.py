from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tui import clipboard


@pytest.mark.parametrize(
    ("environment", "installed", "platform", "expected"),
    [
        ({}, {"pbcopy"}, "darwin", "pbcopy"),
        ({"SSH_CONNECTION": "x"}, {"pbcopy"}, "darwin", None),
        ({"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}, {"wl-copy", "xclip"}, "linux", "wl-copy"),
        ({"DISPLAY": ":0"}, {"xclip", "xsel"}, "linux", "xclip"),
        ({"DISPLAY": ":0"}, {"xsel"}, "linux", "xsel"),
        ({}, {"xclip", "wl-copy"}, "linux", None),
    ],
)
def test_the_desktops_own_tool_comes_first(
    environment: dict[str, str], installed: set[str], platform: str, expected: str | None
) -> None:
    command = clipboard.tool(
        environment, lambda name: name if name in installed else None, platform
    )
    assert (command[0] if command else None) == expected


def test_the_tool_gets_the_text(tmp_path: Path) -> None:
    target = tmp_path / "copied"
    program = f"import sys; open({str(target)!r}, 'wb').write(sys.stdin.buffer.read())"
    clipboard.copy("grüße", pytest.fail, [sys.executable, "-c", program])
    assert target.read_text("utf-8") == "grüße"


@pytest.mark.parametrize("command", [None, [sys.executable, "-c", "raise SystemExit(1)"], ["/no"]])
def test_the_terminal_takes_it_otherwise(command: list[str] | None) -> None:
    copied: list[str] = []
    clipboard.copy("text", copied.append, command)
    assert copied == ["text"]
