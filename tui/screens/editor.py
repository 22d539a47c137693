"""Where an answer is corrected: the question above, the answer's text to edit below.

It hands the text on and stays until the correction is recorded, so that nothing the user
wrote is lost when it cannot be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Static, TextArea

from localai.sanitize import clean
from tui.keymap import bindings
from tui.screens.confirm import ConfirmScreen

LATER = "What followed stays with the old answer; left and right switch between the two."


class AnswerArea(TextArea):
    """A text area that takes in clean text only."""

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.replace(clean(event.text), *self.selection, maintain_selection_offset=False)
        self.scroll_cursor_visible()


class EditorScreen(ModalScreen[None]):
    """Edits `answer`, the reply to `question`; `save` gets the text that was made of it.

    `proposed` is a better one to begin with; `followed`: the conversation went on after this
    answer.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("editor")
    AUTO_FOCUS = "AnswerArea"
    UNSAVED = "Leave without saving the correction?"

    def __init__(
        self,
        question: str,
        answer: str,
        save: Callable[[str], None],
        *,
        proposed: str = "",
        followed: bool,
    ) -> None:
        super().__init__()
        self._question, self._answer = clean(question).strip(), clean(answer)
        self._begun = proposed or self._answer
        self._save, self._followed = save, followed
        self.saving = False

    def compose(self) -> ComposeResult:
        """Question, text, what went wrong, keys."""
        with Vertical(id="editor") as panel:
            panel.border_title = "Correct the answer"
            with VerticalScroll(id="question", can_focus=False):
                yield Static(self._question, markup=False)
            if self._followed:
                yield Static(LATER, classes="hint")
            yield AnswerArea(self._begun, id="answer", compact=True, highlight_cursor_line=False)
            yield Static("", id="complaint", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin where one reads."""
        self.query_one("#complaint").display = False

    @property
    def changed(self) -> bool:
        """Whether there is anything to lose."""
        return self._text != self._begun

    def fail(self, sentence: str) -> None:
        """Say why the correction could not be recorded; the text stays."""
        self.saving = False
        complaint = self.query_one("#complaint", Static)
        complaint.update(clean(sentence))
        complaint.display = True

    @on(TextArea.Changed)
    def _edited(self, event: TextArea.Changed) -> None:
        """What was wrong with the text before is wrong no more."""
        event.stop()
        self.query_one("#complaint").display = False

    def action_save(self) -> None:
        """Hand the text on; the screen is left when it is recorded."""
        if self.saving:
            return
        if self._text == self._answer:
            self.fail("The text is as it was; change it first, or leave with esc.")
            return
        self.saving = True
        self._save(self._text)

    def action_leave(self) -> None:
        """Leave; ask first when the text was changed."""
        if self.saving:
            return
        if not self.changed:
            self.dismiss()
            return

        def decide(leave: bool | None) -> None:
            if leave:
                self.dismiss()

        self.app.push_screen(ConfirmScreen(self.UNSAVED, "Leave", "Go on editing"), decide)

    @property
    def _text(self) -> str:
        return self.query_one(AnswerArea).text
