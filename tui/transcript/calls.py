"""How tool calls look: one line each, with the arguments and the whole result below it when
it is unfolded."""

from __future__ import annotations

import json

from rich.style import Style
from rich.text import Text

from localai.chat import call_line
from localai.conversation import ToolCall, ToolResult
from localai.sanitize import clean
from tui.markdown.line import Line
from tui.transcript.painter import FOLD_META, Painter

WAITING = "…"
RUNNING = "running …"
NOT_RUN = "not run"
SHOWN_LINES = 200
"""Lines of a result that are painted; the inspector and the store have all of it."""


def paint_call(
    call: ToolCall, result: ToolResult | None, painter: Painter, *, state: str, unfolded: bool
) -> list[Line]:
    """The lines of a call; without a result, `state` says how far it is."""
    head = _head(call, result, painter, state=state, unfolded=unfolded)
    if not unfolded:
        return [head]
    arguments = json.dumps(call.arguments, indent=2, ensure_ascii=False)
    lines = [head, *painter.barred(clean(arguments))]
    if result is not None and result.text.strip():
        lines += [painter.barred("")[0], *painter.barred(clean(result.text))[:SHOWN_LINES]]
    return lines


def _head(
    call: ToolCall, result: ToolResult | None, painter: Painter, *, state: str, unfolded: bool
) -> Line:
    palette = painter.palette
    tail = _tail(result, state, painter)
    line = Text(f"{'▾' if unfolded else '▸'} ", palette.muted, end="")
    asked = Text(call_line.asked(call), palette.muted, end="")
    asked.stylize(palette.accent, 0, len(clean(call.name)))
    room = painter.room - 2 - min(tail.cell_len, painter.room // 2)
    asked.truncate(max(8, room), overflow="ellipsis")
    line.append_text(asked)
    line.append_text(tail)
    line.truncate(painter.room, overflow="ellipsis")
    line.stylize(Style(meta={FOLD_META: True}))
    return Line(line)


def _tail(result: ToolResult | None, state: str, painter: Painter) -> Text:
    palette = painter.palette
    if result is None:
        return Text(f" {state}", palette.muted, end="")
    text = call_line.one_line(result.text, max(12, painter.room // 2))
    if not result.ok:
        return Text(f" ✗ {text}", palette.warning, end="")
    tail = Text(f" → {text}", end="")
    tail.append(f" · {call_line.took(result.seconds)}", palette.muted)
    return tail
