"""How each kind of message looks, as terminal strips.

One place for the transcript's typography: margins, bars, folds and small print. It
holds no state besides the theme's styles and the width.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from tui.markdown.blocks import BlockRenderer
from tui.markdown.document import Document
from tui.markdown.palette import Palette

WIDEST = 100
"""Columns beyond which lines of text are hard to read."""

MARGIN = 2
FOLD_META = "fold"


@dataclass(frozen=True)
class Painter:
    """Paints messages at one width in one palette."""

    width: int
    palette: Palette
    console: Console

    @property
    def room(self) -> int:
        """Columns for text."""
        return max(4, min(self.width - MARGIN - 1, WIDEST))

    @property
    def blocks(self) -> BlockRenderer:
        """Renders Markdown in this palette."""
        return BlockRenderer(self.palette, self.console)

    def blank(self) -> Strip:
        """An empty line."""
        return self.strip(Text(end=""), 0)

    def strip(self, line: Text, margin: int = MARGIN, style: Style | None = None) -> Strip:
        """One line on the theme's background."""
        if line.style:
            line.stylize_before(line.style)  # rendering alone leaves a text's own style out
        parts = [Segment(" " * margin), *line.render(self.console, end="")]
        base = self.palette.base + style if style else self.palette.base
        return Strip(parts).apply_style(base).simplify()

    def wrap(self, text: Text, width: int | None = None) -> list[Text]:
        """`text` in lines that fit."""
        return list(text.wrap(self.console, width or self.room, overflow="fold"))

    def user(self, text: str) -> list[Strip]:
        """What the user said: a tinted panel with a bar, exactly as typed."""
        panel = self.palette.user_panel
        room = max(4, self.room - 2)
        strips = []
        for line in self.wrap(Text(text.expandtabs(4), end=""), room):
            row = Text.assemble(
                ("▌ ", self.palette.user_bar),
                (line.plain + " " * (room - line.cell_len + 1), panel),
                end="",
            )
            strips.append(self.strip(row))
        return strips

    def markdown(self, document: Document) -> list[Strip]:
        """An answer's text."""
        return [self.strip(line) for line in document.lines(self.room, self.blocks)]

    def note(self, text: str, style: Style) -> list[Strip]:
        """A sentence of the app's own between messages."""
        return [self.strip(line) for line in self.wrap(Text(text, style, end=""))]

    def fold(self, label: str, text: str | None) -> list[Strip]:
        """Folded reasoning: its label, and its text where it is unfolded."""
        mark = "▸" if text is None else "▾"
        head = Text(f"{mark} {label}", self.palette.muted, end="")
        head.stylize(Style(meta={FOLD_META: True}))
        strips = [self.strip(head)]
        if text is not None:
            body = Text(text.strip().expandtabs(4), self.palette.muted, end="")
            for line in self.wrap(body, self.room - 2):
                bar = Text.assemble(("│ ", self.palette.accent), line, end="")
                strips.append(self.strip(bar))
        return strips

    def small_print(self, left: str, right: str) -> list[Strip]:
        """The line below an answer; `right` stands at the right edge of the text."""
        gap = max(2, self.room - len(left) - len(right))
        line = Text(left + (" " * gap + right if right else ""), self.palette.muted, end="")
        line.truncate(self.room, overflow="ellipsis")
        return [self.strip(line)]


def plain(strips: Iterable[Strip]) -> str:
    """The text of strips, for selection and tests."""
    return "\n".join(strip.text.rstrip() for strip in strips)
