"""Asks which of the model's ways to ask a question to drop, or to take back."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList

from localai.store.tuning import Rewrites
from tui.review import paint


class RewritesScreen(ModalScreen[int | None]):
    """Returns the number of one among those that are kept and then those that were dropped, or
    None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,d", "dismiss", "Cancel", show=False),
    ]

    def __init__(self, found: Rewrites) -> None:
        super().__init__()
        self._found = found

    def compose(self) -> ComposeResult:
        """All of them, those that were dropped struck through."""
        with Vertical(id="dialog", classes="listed"):
            yield Label("Which of the model's ways to ask?")
            yield OptionList(
                *(paint.rewrite(text, dropped=False) for text in self._found.kept),
                *(paint.rewrite(text, dropped=True) for text in self._found.dropped),
                markup=False,
                compact=True,
            )
            yield Label("enter drops it, or takes it back · esc cancels", classes="hint")

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_index)
