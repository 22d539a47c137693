"""Tool calls on one line: the name, the arguments, what came of it, how long it took."""

from __future__ import annotations

import json

from localai import sanitize
from localai.conversation import ToolCall, ToolResult
from localai.sanitize import clean

LONGEST = 60


def line(call: ToolCall, result: ToolResult) -> str:
    """`calculator(expression="6 * 7") → 42 · 61 ms`; a failure has ✗ and its sentence."""
    if not result.ok:
        return f"{asked(call)} ✗ {one_line(result.text, 2 * LONGEST)}"
    return f"{asked(call)} → {one_line(result.text)} · {took(result.seconds)}"


def asked(call: ToolCall) -> str:
    """The call as one writes it in Python."""
    values = (
        f"{key}={one_line(json.dumps(value, ensure_ascii=False))}"
        for key, value in call.arguments.items()
    )
    return clean(f"{call.name}({', '.join(values)})")


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text on one line, cut."""
    text = sanitize.one_line(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def took(seconds: float) -> str:
    """A duration: 61 ms, 1.4 s."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
