"""Asks for one line of text."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label


class AskScreen(ModalScreen[str | None]):
    """Returns the text, or None when the user thought better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel", show=False)]

    def __init__(self, question: str, text: str = "", *, number: bool = False) -> None:
        super().__init__()
        self._question, self._text, self._number = question, text, number

    def compose(self) -> ComposeResult:
        """A label and an input."""
        with Vertical(id="dialog"):
            yield Label(self._question, markup=False)
            kind = "integer" if self._number else "text"
            yield Input(self._text, type=kind, compact=True)  # type: ignore[arg-type]
            yield Label("enter saves · esc cancels", classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the text back."""
        self.dismiss(event.value)
