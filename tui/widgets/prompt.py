"""Where the user writes: Enter sends, Ctrl+J breaks the line, pasting never sends."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from localai.sanitize import clean
from tui.keymap import HINTS
from tui.recall import Recall

LONGEST = 100_000
"""Characters that the prompt takes; more belongs into a file."""

NEWLINE_KEYS = ("ctrl+j", "shift+enter", "alt+enter")


class Prompt(TextArea):
    """A text area that grows with its text."""

    class Submitted(Message):
        """The user wants to send `text`."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class TooLong(Message):
        """A paste was refused."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            compact=True,
            soft_wrap=True,
            tab_behavior="focus",
            highlight_cursor_line=False,
            placeholder=HINTS["anywhere"],
        )
        self.recall = Recall()

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted(self.text))
        elif event.key in NEWLINE_KEYS:
            event.stop()
            event.prevent_default()
            self.insert("\n")
        elif event.key in ("up", "down") and self._recalled(event.key):
            event.stop()
            event.prevent_default()
        else:
            await super()._on_key(event)

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = event.text
        if len(text) + len(self.text) > LONGEST:
            self.post_message(
                self.TooLong(
                    f"The prompt takes {LONGEST:,} characters and this paste has {len(text):,}; "
                    "save it as a file and use: cat FILE | localai ask QUESTION"
                )
            )
            return
        self.replace(clean(text), *self.selection, maintain_selection_offset=False)
        self.scroll_cursor_visible()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Ctrl+E, F6 and F7 to the screen while there is no text for them to act on."""
        if action in ("cursor_line_end", "select_line", "select_all") and not self.text:
            return False
        return super().check_action(action, parameters)

    def put(self, text: str) -> None:
        """Replace everything, the cursor at the end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def _recalled(self, key: str) -> bool:
        """Go through earlier prompts when the cursor cannot move further; whether it did."""
        row = self.cursor_location[0]
        if key == "up" and row == 0 and self.get_cursor_up_location()[0] == 0:
            if self.wrapped_document.location_to_offset(self.cursor_location).y > 0:
                return False
            found = self.recall.older(self.text)
        elif key == "down" and row == self.document.line_count - 1:
            found = self.recall.newer()
        else:
            return False
        if found is not None:
            self.put(found)
        return found is not None
