"""Calls of MiniMax M3: tags marked by a token before each, nested as the values are.

    ]<]minimax[>[<tool_call>]<]minimax[>[<invoke name="f">]<]minimax[>[<x>1]<]minimax[>[</x>
    ]<]minimax[>[</invoke>]<]minimax[>[</tool_call>

An array is written as `item` elements, an object as elements named by its keys.
"""

from __future__ import annotations

import re
from typing import Any

from localai.conversation import ToolCall
from localai.tools.parse import framed_calls, schema
from localai.tools.parse.calls import DEPTH, Context, Malformed, call
from localai.tools.parse.source import Markers, Source, Steps

MARK = "]<]minimax[>["
OPEN, CLOSE = MARK + "<tool_call>", MARK + "</tool_call>"

_INVOKE, _INVOKE_END = MARK + '<invoke name="', MARK + "</invoke>"
_NAME_END, _BODY_END = Markers(['">']), Markers([_INVOKE_END])
_ELEMENT = re.compile(r"<(/?)([\w.-]+)>")


def _call(source: Source, context: Context) -> Steps[ToolCall]:
    name, _ = yield from source.upto(_NAME_END)
    body, _ = yield from source.upto(_BODY_END)
    known = schema.parameters(context.tools, name)
    return call(name, _Elements(body).members(known))


read = framed_calls.many(_INVOKE, CLOSE, _call)
"""Reads what follows OPEN."""


class _Elements:
    """Reads the elements of a body, one after the other."""

    def __init__(self, body: str) -> None:
        first, *self._pieces = body.split(MARK)
        if first.strip():
            raise Malformed("text stands between the parameters")
        self._at = 0

    def members(self, known: Any, depth: int = 0) -> dict[str, Any]:
        """The elements up to the end or the parent's end, by name."""
        return dict(self._all(known, depth))

    def _all(self, known: Any, depth: int) -> list[tuple[str, Any]]:
        found = []
        while self._at < len(self._pieces) and not self._pieces[self._at].startswith("</"):
            name, _ = self._tag("")
            each = known.get(name, {}) if isinstance(known, dict) else {}
            found.append((name, self._value(name, each, depth + 1)))
        return found

    def _tag(self, slash: str) -> tuple[str, str]:
        """The name of the next tag, and the text after it."""
        piece = self._pieces[self._at] if self._at < len(self._pieces) else ""
        tag = _ELEMENT.match(piece)
        if not tag or tag[1] != slash:
            raise Malformed("an element is not closed")
        self._at += 1
        return tag[2], piece[tag.end() :]

    def _value(self, name: str, known: Any, depth: int) -> Any:
        if depth > DEPTH:
            raise Malformed("the arguments are nested too deeply")
        start = self._at - 1
        text = self._pieces[start][len(name) + 2 :]
        nested = self._at < len(self._pieces) and not self._pieces[self._at].startswith("</")
        if nested and "string" in schema.types(known):
            self._all({}, depth)
            text = MARK.join([text, *self._pieces[start + 1 : self._at]])
            nested = False
        value = self._nested(known, depth) if nested else schema.value(text, known)
        end, space = self._tag("/")
        if end != name or space.strip():
            raise Malformed(f"{name} is not closed")
        return value

    def _nested(self, known: Any, depth: int) -> Any:
        known = known if isinstance(known, dict) else {}
        properties = known.get("properties", {})
        items = self._all({**properties, "item": known.get("items", {})}, depth)
        if all(name == "item" for name, _ in items) and "object" not in schema.types(known):
            return [value for _, value in items]
        return dict(items)
