"""A Markdown text as one widget, wrapped anew where its width or the theme changes."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from tui.markdown.blocks import BlockRenderer
from tui.markdown.document import Document
from tui.markdown.palette import Palette


class DocumentView(Static):
    """Shows `text`, which must be safe for the screen."""

    def __init__(self, text: str, *, id: str | None = None) -> None:
        super().__init__("", id=id)
        self._document = Document(text)

    def on_mount(self) -> None:
        """Follow theme changes."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._paint())

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._paint()

    def _paint(self) -> None:
        palette = Palette.of(self.app.theme_variables)
        renderer = BlockRenderer(palette, self.app.console)
        lines = self._document.lines(self.content_size.width, renderer)
        self.update(Text("\n").join(line.text for line in lines))
