"""Which tools there are, and which of them are on."""

from __future__ import annotations

from localai.tools import registry
from localai.tools.allowed import Allowed


def on(allowed: Allowed) -> set[str]:
    return {tool.name for tool in registry.tools() if not allowed.lacks(tool.name, tool.needs)}


def test_a_tool_is_on_when_what_it_needs_is_allowed() -> None:
    every = set(registry.BUILTIN)
    assert {tool.name for tool in registry.tools()} == every
    assert on(Allowed()) == every - {"read_file", "search_notes", "web_fetch"}
    assert on(Allowed(folders=("/srv",))) == every - {"web_fetch"}
    assert on(Allowed(folders=("/srv",), web_fetch=True)) == every


def test_each_is_found_under_its_name() -> None:
    for name in registry.BUILTIN:
        assert registry.find(name).name == name
