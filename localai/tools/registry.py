"""Which tools there are. For now the built-in ones; a name is imported when asked for.

A tool may be known but off, until the settings allow what it needs (`allowed`).
"""

from __future__ import annotations

import difflib
from importlib import import_module

from localai.errors import ToolError
from localai.tools.tool import Tool

BUILTIN = {
    "calculator": "localai.tools.builtin.calculator",
    "clock": "localai.tools.builtin.clock",
    "date_difference": "localai.tools.builtin.clock",
    "date_add": "localai.tools.builtin.clock",
    "weekday": "localai.tools.builtin.clock",
    "read_file": "localai.tools.builtin.files",
    "search_chats": "localai.tools.builtin.chats",
    "search_notes": "localai.tools.builtin.notes",
    "web_fetch": "localai.tools.builtin.web",
}
"""Name -> the module that has it as a global."""


def find(name: str) -> Tool:
    """The tool of that name. Raises ToolError, with the nearest name, when there is none."""
    if name not in BUILTIN:
        near = difflib.get_close_matches(name, BUILTIN, 1)
        hint = f"; did you mean {near[0]}?" if near else "; see localai tools list."
        raise ToolError(f"There is no tool {name!r}{hint}")
    found = getattr(import_module(BUILTIN[name]), name)
    assert isinstance(found, Tool)
    return found


def tools() -> tuple[Tool, ...]:
    """All tools, in the order in which they are listed, also those that are off."""
    return tuple(map(find, BUILTIN))
