"""How each kind of message looks, as lines.

One place for the transcript's typography: margins, bars, folds and small print. It
holds no state besides the theme's styles and the width.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from tui.markdown.blocks import BlockRenderer
from tui.markdown.document import Document
from tui.markdown.line import MARGIN, Line
from tui.markdown.palette import Palette

WIDEST = 100
"""Columns beyond which lines of text are hard to read."""

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

    def blank(self) -> Line:
        """An empty line."""
        return Line(Text(end=""), 0)

    def strip(self, line: Line) -> Strip:
        """A line on the theme's background."""
        return line.strip(self.palette.base, self.console)

    def wrap(self, text: Text, width: int | None = None) -> list[Text]:
        """`text` in lines that fit."""
        return list(text.wrap(self.console, width or self.room, overflow="fold"))

    def user(self, text: str) -> list[Line]:
        """What the user said: a tinted panel with a bar, exactly as typed."""
        panel = self.palette.user_panel
        room = max(4, self.room - 2)
        lines = []
        for line in self.wrap(Text(text.expandtabs(4), end=""), room):
            row = Text.assemble(
                ("▌ ", self.palette.user_bar),
                (line.plain + " " * (room - line.cell_len + 1), panel),
                end="",
            )
            lines.append(Line(row))
        return lines

    def markdown(self, document: Document) -> list[Line]:
        """An answer's text."""
        return document.lines(self.room, self.blocks)

    def note(self, text: str, style: Style) -> list[Line]:
        """A sentence of the app's own between messages."""
        return [Line(line) for line in self.wrap(Text(text, style, end=""))]

    def fold(self, label: str, text: str | None) -> list[Line]:
        """Folded reasoning: its label, and its text where it is unfolded."""
        mark = "▸" if text is None else "▾"
        head = Text(f"{mark} {label}", self.palette.muted, end="")
        head.stylize(Style(meta={FOLD_META: True}))
        return [Line(head), *(self.barred(text.strip()) if text is not None else ())]

    def barred(self, text: str) -> list[Line]:
        """Muted text behind a bar, such as what a fold holds."""
        body = Text(text.expandtabs(4), self.palette.muted, end="")
        lines = self.wrap(body, self.room - 2)
        bar = ("│ ", self.palette.accent)
        return [Line(Text.assemble(bar, line, end="")) for line in lines]

    def small_print(self, left: str, right: str, link: str, action: str) -> list[Line]:
        """The line below an answer; `right` stands at the right edge of the text, and after
        it a word that does `action` when it is clicked. What has no room leaves."""
        place = Text(right, self.palette.muted, end="")
        if link:
            place.append("   " if right else "")
            place.append(link, Style(meta={"@click": action}))
        line = Text(left, self.palette.muted, end="")
        gap = self.room - line.cell_len - place.cell_len
        if place and gap >= 2:
            line.append(" " * gap)
            line.append_text(place)
        line.truncate(self.room, overflow="ellipsis")
        return [Line(line)] if line else []


def plain(strips: Iterable[Strip]) -> str:
    """The text of strips, as a selection has it."""
    return "\n".join(strip.text.rstrip() for strip in strips)
