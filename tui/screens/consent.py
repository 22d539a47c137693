"""Asks whether a tool may do what the model wants, with the exact arguments; no is nearest."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Label, Static

from localai.chat.consent import Decision, Question
from localai.sanitize import clean, one_line

LABELS: dict[Decision, tuple[str, str]] = {
    "no": ("n", "No"),
    "once": ("o", "Once"),
    "chat": ("c", "This chat"),
    "always": ("a", "Always"),
    "never": ("v", "Never"),
}
"""The key and the word of each decision, in the order of the buttons."""

REST_SECONDS = 0.7
"""Seconds without a key before one that allows something is taken; 0 takes it at once."""

NARROW, SHORT = 66, 24
"""Columns and lines below which the buttons stand one below the other, and what can be done
without is left out."""
OTHER_LINES = {False: 20, True: 11}
"""Lines of the dialog beside the arguments, in a short window or not."""

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
    the focus, esc for no; up and down scroll the arguments.

    The question may come in the middle of a word that is being typed, so at first only no is
    taken; the rest once no key has come for REST_SECONDS.
    """

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"decide('{name}')", word, show=False)
            for name, (key, word) in LABELS.items()
        ),
        Binding("escape", "decide('no')", "No", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("down", "scroll_by(1)", "Down", show=False),
        Binding("up", "scroll_by(-1)", "Up", show=False),
        Binding("pagedown", "scroll_by(10)", "Page down", show=False),
        Binding("pageup", "scroll_by(-10)", "Page up", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self._rest: Timer | None = None
        self._armed = False

    def compose(self) -> ComposeResult:
        """What is asked, what may happen, the arguments, the buttons."""
        name = clean(self.question.tool.name)
        description = one_line(self.question.tool.description)
        with Vertical(id="dialog", classes="consent"):
            yield Label(f"May {name} run?", id="asked", markup=False)
            yield Static(description, id="what", markup=False)
            yield Static(touches(self.question), id="touches", markup=False)
            with VerticalScroll(id="arguments", can_focus=False):
                yield Static(self.question.arguments, markup=False)
            yield Static("There is more: \N{UPWARDS ARROW} \N{DOWNWARDS ARROW} scroll.", id="more")
            if self.question.tainted:
                yield Static(TAINTED, id="tainted", markup=False)
            with Horizontal(id="buttons"):
                for decision, (key, word) in LABELS.items():
                    if decision in self.question.choices:
                        yield Button(f"{word} ({key})", id=decision, compact=True)

    def on_mount(self) -> None:
        """Whoever is typing just now types on."""
        self._wait_for_rest()

    def on_key(self) -> None:
        """A key before the hand was at rest is one of a word that was being typed."""
        if not self._armed:
            self._wait_for_rest()

    def on_resize(self) -> None:
        """Fit into the window: what is asked, the arguments and the buttons always show."""
        height, width = self.app.size.height, self.app.size.width
        self.set_class(height < SHORT, "-short")
        self.set_class(width < NARROW, "-narrow")
        others = OTHER_LINES[height < SHORT] + (len(LABELS) - 1) * (width < NARROW)
        arguments = self.query_one("#arguments", VerticalScroll)
        arguments.styles.max_height = max(3, height - others)
        self.call_after_refresh(self._hint)

    def action_decide(self, decision: Decision) -> None:
        """Take a decision that can be given."""
        if decision in self.question.choices and (self._armed or decision == "no"):
            self.dismiss(decision)

    def action_scroll_by(self, lines: int) -> None:
        """Scroll the arguments."""
        self.query_one("#arguments", VerticalScroll).scroll_relative(y=lines, animate=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse, or enter."""
        self.action_decide(event.button.id)  # type: ignore[arg-type]

    def _wait_for_rest(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        if REST_SECONDS:
            self._rest = self.set_timer(REST_SECONDS, self._arm)
        else:
            self._arm()

    def _arm(self) -> None:
        self._armed = True
        self.add_class("-armed")

    def _hint(self) -> None:
        more = self.query_one("#arguments", VerticalScroll).max_scroll_y > 0
        self.query_one("#more").display = more
