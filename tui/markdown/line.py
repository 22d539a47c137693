"""One line of a transcript: its text, and the strip that it becomes when it is seen.

Lines are measured long before they are shown, and most never are, so the strip is made
on demand and kept for as long as the theme stays the same.
"""

from __future__ import annotations

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

MARGIN = 2


class Line:
    """A text that fits, `margin` cells from the left edge."""

    __slots__ = ("_base", "_strip", "margin", "text")

    def __init__(self, text: Text, margin: int = MARGIN) -> None:
        self.text, self.margin = text, margin
        self._strip: Strip | None = None
        self._base: Style | None = None

    def strip(self, base: Style, console: Console) -> Strip:
        """The line over the background `base`."""
        if self._strip is None or self._base is not base:
            text = self.text
            if text.style:
                text.stylize_before(text.style)  # rendering alone leaves a text's own style out
            parts = [Segment(" " * self.margin), *text.render(console, end="")]
            self._strip, self._base = Strip(parts).apply_style(base).simplify(), base
        return self._strip
