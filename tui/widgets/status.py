"""The status line: state and model at the left; speed and context at the right."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

METER = 8
"""Cells of the context meter."""

COLOURS = {
    "ready": "$success",
    "crashed": "$error",
    "not available": "$error",
}


@dataclass(frozen=True)
class Status:
    """What the line says. `speed` in tokens a second, `used` and `window` in tokens; `tune`
    is a running tune in words, from the longest form to the shortest."""

    state: str = "not loaded"
    model: str = ""
    adapter: str = ""
    thinking: str = ""
    speed: float = 0.0
    used: int = 0
    window: int = 0
    tune: tuple[str, ...] = ()


def meter(used: int, window: int) -> str:
    """How full the context window is, as a small bar."""
    if window <= 0:
        return ""
    filled = min(METER, -(-used * METER // window)) if used else 0
    return "▰" * filled + "▱" * (METER - filled)


class StatusLine(Widget):
    """One line that never wraps; what is least needed leaves first when it is narrow."""

    status: reactive[Status] = reactive(Status())

    def render(self) -> Content:
        """The line for the present width."""
        status, width = self.status, self.size.width
        left = self._left(status)
        for right in self._rights(status):
            gap = width - left.cell_length - right.cell_length
            if gap >= 2:
                return Content.assemble(left, " " * gap, right)
        return left.truncate(width, ellipsis=True)

    def _left(self, status: Status) -> Content:
        colour = COLOURS.get(status.state, "$accent")
        if status.state == "not loaded":
            colour = "$foreground 60%"
        parts = [Content.styled("● ", colour), Content(status.state)]
        for name in (status.model, status.adapter):
            if name:
                parts += [Content.styled(" · ", "$foreground 50%"), Content(name)]
        return Content.assemble(*parts)

    def _rights(self, status: Status) -> list[Content]:
        """From everything down to nothing."""
        speed = f"{status.speed:.0f} tokens/s" if status.speed else ""
        thinking = f"thinking {status.thinking}" if status.thinking else ""
        numbers = f"{status.used:,} / {status.window:,}" if status.window else ""
        bar = meter(status.used, status.window)
        full = status.window and status.used >= 0.9 * status.window
        gauge = Content.assemble(
            Content.styled(bar, "$warning" if full else "$primary"),
            f" {numbers}" if numbers else "",
        )
        full_tune = status.tune[0] if status.tune else ""
        choices = [
            _spaced(*words, gauge)
            for words in ([full_tune, thinking, speed], [full_tune, speed], [full_tune])
        ]
        for form in status.tune[1:]:
            choices += [_spaced(form, gauge), _spaced(form, numbers), Content(form)]
        return [*choices, Content(numbers), Content("")]


def _spaced(*parts: str | Content) -> Content:
    """Those that say anything, side by side."""
    return Content("   ").join(
        [part if isinstance(part, Content) else Content(part) for part in parts if part]
    )
