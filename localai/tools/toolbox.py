"""The tools of one session: what is offered to the model, and calling them.

What the user has to agree to is not decided here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from localai.tools import sandbox, standing
from localai.tools.allowed import Allowed
from localai.tools.outcome import Failed, Outcome
from localai.tools.tool import Tool

Run = Callable[[Tool, Mapping[str, Any], Allowed, threading.Event], Outcome]


def schema(tool: Tool) -> dict[str, Any]:
    """The tool as chat templates want it described."""
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }


def in_sandbox(
    tool: Tool, arguments: Mapping[str, Any], allowed: Allowed, stop: threading.Event
) -> Outcome:
    """Call a tool whose code is Python, in a process of its own, if it may still run."""
    if why := standing.objection(tool):
        return Failed(why, 0.0)
    return sandbox.run(tool, arguments, allowed=allowed, stop=stop)


class Toolbox:
    """Tools by name. `run` calls one; it never raises, and ends soon when its event is set.

    `end` ends what `run` keeps running; `notes` are sentences on what is missing and why.
    """

    def __init__(
        self,
        tools: Sequence[Tool] = (),
        allowed: Allowed | None = None,
        run: Run = in_sandbox,
        end: Callable[[], None] = lambda: None,
        notes: Sequence[str] = (),
    ) -> None:
        self._allowed, self._run, self._end = allowed or Allowed(), run, end
        self._notes = tuple(notes)
        self._told: set[str] = set()
        self.tools: Mapping[str, Tool] = {
            tool.name: tool for tool in tools if not self._allowed.lacks(tool.name, tool.needs)
        }

    def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        stop: threading.Event,
        conversation: str = "",
    ) -> Outcome:
        """Call an offered tool in the conversation with this id. Thread-safe."""
        allowed = replace(self._allowed, conversation=conversation)
        return self._run(self.tools[name], arguments, allowed, stop)

    def elsewhere(self, allowed: Allowed, change: Callable[[Run], Run]) -> Toolbox:
        """The same tools, where they may reach something else and `change` decides how they
        run; not to be closed."""
        return Toolbox(tuple(self.tools.values()), allowed, change(self._run))

    def news(self, *more: str) -> tuple[str, ...]:
        """The notes, and `more`, that were not told before."""
        found = tuple(note for note in (*self._notes, *more) if note not in self._told)
        self._told.update(found)
        return found

    def close(self) -> None:
        """End what the tools keep running. Nothing can be called afterwards."""
        self._end()
