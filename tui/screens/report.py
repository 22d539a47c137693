"""What a tune did, to read: its report, scrolled, with the keys for what one may want then."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui.keymap import bindings
from tui.widgets.document import DocumentView


class ReportScreen(ModalScreen[None]):
    """Shows Markdown. `try_learned` and `roll_back` are what its keys do, None where the report
    is of a tune whose adapter does not answer."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("report")

    def __init__(
        self,
        text: str,
        *,
        try_learned: Callable[[], None] | None = None,
        roll_back: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._text = text
        self._try_learned, self._roll_back = try_learned, roll_back

    def compose(self) -> ComposeResult:
        """One scrollable text."""
        with VerticalScroll(id="panel") as panel:
            panel.border_title = "Report"
            keys = "t tries it, blind · b takes it back · " if self._roll_back else ""
            panel.border_subtitle = f"{keys}esc closes"
            yield DocumentView(self._text)

    def on_mount(self) -> None:
        """Let the keys scroll it."""
        self.query_one("#panel").focus()

    def action_scroll(self, lines: int) -> None:
        """Scroll by so many lines."""
        self.query_one("#panel").scroll_relative(y=lines, animate=False)

    def action_try_learned(self) -> None:
        """Close, and have something asked of both."""
        if self._try_learned is not None:
            self.dismiss()
            self._try_learned()

    def action_roll_back(self) -> None:
        """Close, and let answer what did before."""
        if self._roll_back is not None:
            self.dismiss()
            self._roll_back()
