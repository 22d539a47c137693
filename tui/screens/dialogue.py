"""Where a whole dialogue to learn from is written or edited, as Markdown.

What cannot be read or kept is said below the text, and nothing that was written is lost.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Label, Static, TextArea

from localai.errors import LocalaiError
from localai.lessons.dialogue import TEMPLATE, Dialogue, read
from tui.screens.editor import AnswerArea, EditorScreen

HINT = (
    'A line "## User" or "## Assistant" says who speaks; "## System" at the top sets the scene. '
    "Every answer is learned."
)
FIRST_LINE = 2
"""Where the question is written in a new dialogue."""


class DialogueScreen(EditorScreen):
    """Edits `text`, "" for a new dialogue; `keep` gets what was written, and the name of the
    data set that a new one goes into."""

    UNSAVED = "Leave without saving the dialogue?"

    def __init__(self, text: str, keep: Callable[[Dialogue, str], None]) -> None:
        super().__init__("", text or TEMPLATE, self._hand_on, followed=False)
        self._new, self._keep = not text, keep

    def compose(self) -> ComposeResult:
        """How it is written, the data set, the text, what went wrong, keys."""
        with Vertical(id="editor") as panel:
            panel.border_title = "Write an example" if self._new else "Edit the example"
            yield Static(HINT, classes="hint", markup=False)
            if self._new:
                with Horizontal(id="data-set"):
                    yield Label("Data set ")
                    yield Input(placeholder="none: it is your own", compact=True)
            yield AnswerArea(self._answer, id="answer", compact=True, highlight_cursor_line=False)
            yield Static("", id="complaint", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin where one writes."""
        if self._new:
            self.query_one(TextArea).move_cursor((FIRST_LINE, 0))

    def _hand_on(self, text: str) -> None:
        try:
            dialogue = read(text)
        except LocalaiError as error:
            self.fail(str(error))
            return
        name = self.query_one(Input).value.strip() if self._new else ""
        self._keep(dialogue, name)
