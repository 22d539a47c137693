"""Tool calls on one line: the name, the arguments, what came of it, how long it took."""

from __future__ import annotations

import json

from localai.conversation import ToolCall, ToolResult
from localai.sanitize import clean, one_line

LONGEST = 60
"""Characters that are shown of an argument or a result."""


def line(call: ToolCall, result: ToolResult) -> str:
    """`calculator(expression="6 * 7") → 42 · 61 ms`; a failure has ✗ and its sentence."""
    if not result.ok:
        return f"{asked(call)} ✗ {one_line(result.text, 2 * LONGEST)}"
    return f"{asked(call)} → {one_line(result.text, LONGEST)} · {took(result.seconds)}"


def asked(call: ToolCall) -> str:
    """The call as one writes it in Python."""
    values = (
        f"{key}={one_line(json.dumps(value, ensure_ascii=False), LONGEST)}"
        for key, value in call.arguments.items()
    )
    return clean(f"{call.name}({', '.join(values)})")


def took(seconds: float) -> str:
    """A duration: 61 ms, 1.4 s."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
