"""Asks whether a tool may do what the model wants, with the exact arguments; no is nearest."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Label, Static

from localai.chat.consent import Decision, Question
from localai.sanitize import clean

LABELS: dict[Decision, tuple[str, str]] = {
    "no": ("n", "No"),
    "once": ("o", "Once"),
    "chat": ("c", "This chat"),
    "always": ("a", "Always"),
    "never": ("v", "Never"),
}
"""The key and the word of each decision, in the order of the buttons."""

REST_SECONDS = 0.7
"""Seconds without a key before one that allows something is taken."""

EFFECTS = {
    "reads": "read files or settings",
    "writes": "change or delete something",
    "network": "talk to other machines",
}
TAINTED = (
    "Text from elsewhere is in this conversation, and it may be what asks for this. "
    "So only this one call can be allowed."
)


def touches(question: Question) -> str:
    """What the tool may do, in a sentence."""
    words = [word for effect, word in EFFECTS.items() if effect in question.tool.effects]
    if not words:
        return "It says that it touches nothing outside its own process."
    listed = " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    return f"It may {listed}."


class ConsentScreen(ModalScreen[Decision]):
    """Returns the decision. Keys: the letter beside each word, enter for the button that has
    the focus, esc for no."""

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"decide('{name}')", word, show=False)
            for name, (key, word) in LABELS.items()
        ),
        Binding("escape", "decide('no')", "No", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
        Binding("left", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self._last_key = 0.0

    def on_mount(self) -> None:
        """Whoever is typing just now types on."""
        self._last_key = time.monotonic()

    def on_key(self) -> None:
        """A key that means nothing here is one of a word that was being typed."""
        self._last_key = time.monotonic()

    def compose(self) -> ComposeResult:
        """What is asked, what may happen, the arguments, the buttons."""
        name = clean(self.question.tool.name)
        with Vertical(id="dialog", classes="consent"):
            yield Label(f"May {name} run?", id="asked", markup=False)
            description = clean(self.question.tool.description).split("\n")[0]
            yield Static(description, classes="hint", markup=False)
            yield Static(touches(self.question), markup=False)
            with VerticalScroll(id="arguments", can_focus=False):
                yield Static(self.question.arguments, markup=False)
            if self.question.tainted:
                yield Static(TAINTED, id="tainted", markup=False)
            with Horizontal(id="buttons"):
                for decision, (key, word) in LABELS.items():
                    if decision in self.question.choices:
                        yield Button(f"{word} ({key})", id=decision, compact=True)

    def action_decide(self, decision: Decision) -> None:
        """Take a decision that can be given; all but no only from a hand that was at rest, as
        the question may come in the middle of a word."""
        now = time.monotonic()
        at_rest, self._last_key = now - self._last_key >= REST_SECONDS, now
        if decision in self.question.choices and (at_rest or decision == "no"):
            self.dismiss(decision)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse, or enter."""
        self.action_decide(event.button.id)  # type: ignore[arg-type]
