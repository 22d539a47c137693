"""Which tools there are: the built-in ones, the user's own, those of installed packages.

A listing imports nothing of what is not ours and starts no process; what is not known yet
of an installed tool is asked when it is looked for or first offered (`descriptions`). Of two
tools of one name the first in that order counts. A plugin that cannot be used is listed
with the sentence that says why, and disturbs no other.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from localai.errors import ToolError
from localai.tools.allowed import Allowed
from localai.tools.plugin import Listed, Plugin, State
from localai.tools.tool import Tool

if TYPE_CHECKING:
    from localai.config import ToolSettings
    from localai.tools.descriptions import Descriptions

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
Ask = Literal["nothing", "unknown", "failed"]
"""Which plugins are asked about their tools: none, those of which nothing is known, or also
those that failed before."""
OURS = "localai"
"""The origin of what is built in."""


def tools(settings: ToolSettings) -> tuple[Listed, ...]:
    """All tools, in the order in which they are listed, also those that cannot be used."""
    return _all(settings, plugins(), "nothing")


def names(settings: ToolSettings) -> frozenset[str]:
    """All names that are listed, whatever their state: no tool of a server may have one."""
    return frozenset(listed.name for listed in tools(settings))


def find(name: str, settings: ToolSettings) -> Listed:
    """The tool of that name, described if its code can be loaded at all.

    Raises ToolError, with the nearest name, when there is none.
    """
    if name in BUILTIN:
        return _listed(builtin(name), OURS, settings)
    found = plugins()
    near = [plugin for plugin in found if name in plugin.names or not plugin.names]
    every = (*_all(settings, near, "failed"), *_all(settings, found, "nothing"))
    for listed in sorted(every, key=lambda listed: listed.label):
        if listed.name == name:
            return listed
    close = difflib.get_close_matches(name, {listed.name: None for listed in every}, 1)
    hint = f"; did you mean {close[0]}?" if close else "; see localai tools list."
    raise ToolError(f"There is no tool {name!r}{hint}")


def known(settings: ToolSettings, stop: threading.Event | None = None) -> tuple[Listed, ...]:
    """All tools, after asking those of which nothing was known.

    Installed tools are asked once for each version of their code, four at a time; each may
    take 5 s. Setting `stop` in another thread ends that soon, with what is known by then.
    Where no folder is allowed, the index of the notes in them is deleted.
    """
    forget_notes(settings)
    return _all(settings, plugins(), "unknown", stop)


def usable(found: Iterable[Listed]) -> tuple[Tool, ...]:
    """The tools that a model may be offered: on, and known."""
    return tuple(listed.tool for listed in found if listed.tool and listed.state == "on")


def offered(settings: ToolSettings, stop: threading.Event | None = None) -> tuple[Tool, ...]:
    """The tools that a model may be offered now; see `known`."""
    return usable(known(settings, stop))


def forget_notes(settings: ToolSettings) -> None:
    """Delete the index of the notes, a copy of their text, when no folder is allowed."""
    from localai import paths
    from localai.store import notes_files

    if not settings.folders:
        notes_files.erase(paths.notes_index())


def builtin(name: str) -> Tool:
    """One of ours."""
    found = getattr(import_module(BUILTIN[name]), name)
    assert isinstance(found, Tool)
    return found


def plugins() -> tuple[Plugin, ...]:
    """What is not ours: the user's own files, then installed packages. Nothing is loaded."""
    from localai.tools import packages, trusted

    return (*trusted.files(), *packages.installed())


def _all(
    settings: ToolSettings,
    found: Iterable[Plugin],
    ask: Ask,
    stop: threading.Event | None = None,
) -> tuple[Listed, ...]:
    listed = [_listed(builtin(name), OURS, settings) for name in BUILTIN]
    taken = {each.name: each.origin for each in listed}
    found = tuple(found)
    if not found:
        return tuple(listed)
    from localai.tools.descriptions import Descriptions

    descriptions = Descriptions()
    places = {
        plugin.key: plugin.place
        for plugin in found
        if _is_to_be_asked(plugin, settings, descriptions, ask)
    }
    try:
        if places:
            descriptions.ask_all(places, stop)
    finally:
        descriptions.save()
    for plugin in found:
        for each in _of(plugin, settings, descriptions):
            if not each.label:
                if each.name in taken:
                    each = _hidden(each, taken[each.name])
                taken.setdefault(each.name, each.origin)
            listed.append(each)
    return tuple(listed)


def _is_to_be_asked(
    plugin: Plugin, settings: ToolSettings, descriptions: Descriptions, ask: Ask
) -> bool:
    if plugin.problem or ask == "nothing":
        return False
    said = descriptions.known(plugin.key, plugin.place)
    if ask == "failed":
        return not isinstance(said, tuple)
    wanted = not plugin.names or set(plugin.names) - set(settings.disabled)
    return said is None and bool(wanted)


def _of(plugin: Plugin, settings: ToolSettings, descriptions: Descriptions) -> Iterator[Listed]:
    """The tools of a plugin; at least one line, so that what is broken shows."""
    said = None if plugin.state == "broken" else descriptions.known(plugin.key, plugin.place)
    if said is None or isinstance(said, str):
        for name in plugin.names or (plugin.label,):
            yield _untold(name, plugin, settings, said)
        return
    tools = {tool.name: tool for tool in said}
    for name in plugin.names or tools or (plugin.label,):
        if tool := tools.get(name):
            yield _listed(tool, plugin.origin, settings, plugin)
        else:
            why = f"{plugin.origin} has no tool {name} where it says so; tell its author."
            yield Listed(name, plugin.origin, "broken", why, None)


def _untold(name: str, plugin: Plugin, settings: ToolSettings, failure: str | None) -> Listed:
    """A tool of which nothing is known."""
    state, why = plugin.state, plugin.problem
    if not plugin.problem and name in settings.disabled:
        state, why = "disabled", disabled(name)
    elif not plugin.problem and failure:
        state, why = "broken", f"{failure.rstrip('.')}; localai tools show {name} tries again."
    elif not plugin.problem:
        why = f"From {plugin.origin}, not looked at yet; localai tools show {name} does."
    return Listed(name, plugin.origin, state, why, None, label=not plugin.names)


def _listed(
    tool: Tool, origin: str, settings: ToolSettings, plugin: Plugin | None = None
) -> Listed:
    state: State = "on"
    why = ""
    if plugin and plugin.problem:
        state, why = plugin.state, plugin.problem
    elif tool.name in settings.disabled:
        state, why = "disabled", disabled(tool.name)
    elif lacks := Allowed.by(settings).lacks(tool.name, tool.needs):
        state, why = "off", lacks
    return Listed(tool.name, origin, state, why, tool)


def _hidden(listed: Listed, by: str) -> Listed:
    why = (
        f"The tool {listed.name} of {listed.origin} has the name of one of {by}, which counts; "
        "rename or remove one of them."
    )
    return Listed(listed.name, listed.origin, "broken", why, listed.tool)


def disabled(name: str) -> str:
    """Why a disabled tool is not used."""
    return f"{name} is disabled; localai tools enable {name} allows it again."
