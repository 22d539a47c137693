"""Two answers to one question, one below the other: which is the better one?"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Label, Static

from localai.sanitize import clean
from localai.store.rows import StoredMessage
from tui.keymap import bindings


class BetterScreen(ModalScreen[int]):
    """Returns 1 for the first answer, 2 for the second, 0 when nobody can tell."""

    AUTO_FOCUS = "#second"
    BINDINGS: ClassVar[list[BindingType]] = bindings("better")

    def __init__(self, first: StoredMessage, second: StoredMessage) -> None:
        super().__init__()
        self._answers = (first, second)

    def compose(self) -> ComposeResult:
        """Both answers with their lengths, two buttons."""
        with Vertical(id="dialog", classes="better") as dialog:
            dialog.border_title = "Which is better?"
            for number, answer in enumerate(self._answers, start=1):
                yield Label(f"{number}  {_length(answer)}", classes="hint", markup=False)
                with VerticalScroll(classes="answer", can_focus=False):
                    yield Static(clean(answer.message.text).strip(), markup=False)
            with Horizontal(id="buttons"):
                yield Button("The first (1)", id="first", compact=True)
                yield Button("The second (2)", id="second", compact=True)

    def action_prefer(self, number: int) -> None:
        """Take the decision."""
        self.dismiss(number)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse, or enter."""
        self.dismiss(1 if event.button.id == "first" else 2)


def _length(answer: StoredMessage) -> str:
    tokens = answer.completion.generated_tokens if answer.completion else len(answer.message.ids)
    return f"{tokens:,} tokens" if tokens else f"{len(answer.message.text.split()):,} words"
