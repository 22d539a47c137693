"""Sure? An answer's prompt sampled again, in a small panel: how many say the same, and what else.

It shows what it is told; the sampling is the bridge's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from localai.evals.sure import Certainty
from localai.sanitize import clean, one_line
from tui.keymap import bindings

FAINT = "$foreground 65%"
SURE, UNSURE = 0.75, 0.5
"""Shares of answers that say the same, from which on the model seems sure, or half sure."""
LONGEST = 240
"""Characters that are shown of an answer."""


class SureScreen(ModalScreen[str]):
    """Returns "invented" when the answer is called made up, else "". `begin` has it asked for
    again."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("sure")

    def __init__(self, answer_id: str, begin: Callable[[str], None]) -> None:
        super().__init__()
        self._answer_id, self._begin = answer_id, begin

    def compose(self) -> ComposeResult:
        """How far they agree, and the answers by what they say."""
        with Vertical(id="dialog", classes="sure") as dialog:
            dialog.border_title = "Sure?"
            dialog.border_subtitle = "m it is made up · esc closes"
            yield Static("Asking again…", id="agreement")
            with VerticalScroll(id="answers"):
                yield Static("", id="groups")

    def on_mount(self) -> None:
        """Begin to ask once there is somewhere to show it."""
        self.call_after_refresh(self._begin, self._answer_id)

    def show(self, certainty: Certainty) -> None:
        """Show how far it is by now."""
        if certainty.answer_id == self._answer_id:
            self.query_one("#agreement", Static).update(agreement(certainty))
            self.query_one("#groups", Static).update(groups(certainty))

    def fail(self, sentence: str) -> None:
        """Say why it cannot be asked again."""
        self.query_one("#agreement", Static).update(Content.styled(clean(sentence), "$error"))

    def action_invented(self) -> None:
        """Call the answer made up."""
        self.dismiss("invented")

    def action_leave(self) -> None:
        """Close."""
        self.dismiss("")


def agreement(certainty: Certainty) -> Content:
    """A mark for each answer, and the agreement in words."""
    total, same = len(certainty.all), certainty.same
    share = same / total
    colour = "$success" if share >= SURE else "$warning" if share >= UNSURE else "$error"
    left = certainty.wanted + 1 - total
    marks = Content.assemble(
        ("●" * same, colour), ("○" * (total - same), colour), ("·" * left, FAINT)
    )
    if total == 1:
        told = Content("  Asking again…")
    else:
        told = Content.styled(f"  {certainty.sentence}", "bold")
    if left and total > 1:
        told = told.append(Content.styled(f" so far; {left} to come", FAINT))
    return marks.append(told)


def groups(certainty: Certainty) -> Content:
    """What they say, most said first, the given answer marked."""
    if len(certainty.all) == 1:
        return Content("")
    lines = []
    for group in certainty.groups:
        shown = 0 if 0 in group else group[0]
        text = one_line(certainty.all[shown], LONGEST) or "(no answer)"
        count = Content.styled(f"{len(group)}\N{MULTIPLICATION SIGN}  ", "bold $primary")
        mark = Content.styled("this answer  ", "$accent") if 0 in group else Content("")
        lines.append(Content.assemble(count, mark, text))
    return Content("\n\n").join(lines)
