"""Tools that record their calls, and sessions that have them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from localai.catalog import ModelEntry
from localai.chat.session import Session
from localai.chat.turn import CallFinished, TurnEvent
from localai.config import Settings
from localai.conversation import ToolResult
from localai.engine.scripted import Script, ScriptedEngine
from localai.store.store import Store
from localai.tools.allowed import Allowed
from localai.tools.outcome import Failed, Ok, Outcome
from localai.tools.place import File, Module
from localai.tools.tool import Effect, Tool
from localai.tools.toolbox import Toolbox
from tests.chat.test_session import entry

HERMES = "{% for tool in tools %}<tool_call>"
TEXT = {"text": {"type": "string"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": TEXT,
    "required": ["text"],
    "additionalProperties": False,
}


def tool(name: str, *effects: Effect, built_in: bool = True) -> Tool:
    place = Module("localai.tools.builtin.x") if built_in else File(f"/tools/{name}.py", "00")
    return Tool(name, f"Does {name}.", SCHEMA, frozenset(effects), place)


class Box:
    """Tools that record their calls and return their text in capitals, or what `results` says."""

    def __init__(self, *tools: Tool, results: Mapping[str, str] | None = None) -> None:
        self._results = results or {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.conversations: list[str] = []
        self.box = Toolbox(tools, run=self.run)

    def run(
        self, tool: Tool, arguments: Mapping[str, Any], allowed: Allowed, stop: threading.Event
    ) -> Outcome:
        self.calls.append((tool.name, dict(arguments)))
        self.conversations.append(allowed.conversation)
        if arguments["text"] == "wait":
            return Failed("It was stopped.", 0.1) if stop.wait(10) else Ok("waited", 10)
        return Ok(self._results.get(tool.name, str(arguments["text"]).upper()), 0.25)


def call(name: str, text: str) -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {{"text": "{text}"}}}}\n</tool_call>'


def session(
    store: Store, replies: list[str | Script], box: Box, template: str = HERMES, **options: Any
) -> Session:
    engine = ScriptedEngine(replies, template=template)
    settings = options.pop("settings", Settings())
    described: ModelEntry = options.pop("entry", entry())
    return Session(store, engine, settings, described, open_tools=lambda _: box.box, **options)


def requests(chat: Session) -> list[str]:
    """The prompts, as words."""
    assert isinstance(chat.engine, ScriptedEngine)
    return ["".join(chat.engine.pieces(request.ids)) for request in chat.engine.requests]


def results(events: list[TurnEvent]) -> list[ToolResult]:
    return [event.result for event in events if isinstance(event, CallFinished)]
