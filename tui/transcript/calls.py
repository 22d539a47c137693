"""How tool calls look: one line each, with the arguments and the whole result below it when
it is unfolded."""

from __future__ import annotations

import json

from rich.style import Style
from rich.text import Text

from localai.chat import call_line
from localai.conversation import ToolCall, ToolResult
from localai.sanitize import clean, one_line
from tui.markdown.line import Line
from tui.transcript.painter import FOLD_META, Painter

WAITING = "…"
RUNNING = "running …"
NOT_RUN = "not run"
SHOWN_LINES = 200
"""Lines of the arguments, and of the result, that are painted; the store has all of them."""


def paint_call(
    call: ToolCall, result: ToolResult | None, painter: Painter, *, state: str, unfolded: bool
) -> list[Line]:
    """The lines of a call; without a result, `state` says how far it is."""
    head = _head(call, result, painter, state=state, unfolded=unfolded)
    if not unfolded:
        return [head]
    arguments = json.dumps(call.arguments, indent=2, ensure_ascii=False)
    lines = [head, *_most(painter.barred(clean(arguments)), painter)]
    if result is not None and result.text.strip():
        lines += [*painter.barred(""), *_most(painter.barred(clean(result.text)), painter)]
    return lines


def _most(lines: list[Line], painter: Painter) -> list[Line]:
    """The first lines, and how many more there are."""
    if len(lines) <= SHOWN_LINES:
        return lines
    return [*lines[:SHOWN_LINES], *painter.barred(f"… {len(lines) - SHOWN_LINES:,} more lines")]


def _head(
    call: ToolCall, result: ToolResult | None, painter: Painter, *, state: str, unfolded: bool
) -> Line:
    palette = painter.palette
    tail = _tail(result, state, painter)
    line = Text(f"{'▾' if unfolded else '▸'} ", palette.muted, end="")
    asked = Text(call_line.asked(call), palette.muted, end="")
    asked.stylize(palette.accent, 0, len(clean(call.name)))
    asked.truncate(max(8, painter.room - 2 - tail.cell_len), overflow="ellipsis")
    line.append_text(asked)
    line.append_text(tail)
    line.truncate(painter.room, overflow="ellipsis")
    line.stylize(Style(meta={FOLD_META: True}))
    return Line(line)


def _tail(result: ToolResult | None, state: str, painter: Painter) -> Text:
    palette = painter.palette
    if result is None:
        return Text(f" {state}", palette.muted, end="")
    mark, style = (" → ", "") if result.ok else (" ✗ ", palette.warning)
    time = f" · {call_line.took(result.seconds)}" if result.ok else ""
    tail = Text(mark + one_line(result.text, painter.room), style, end="")
    tail.truncate(max(12, painter.room // 2 - len(time)), overflow="ellipsis")
    tail.append(time, palette.muted)
    return tail
