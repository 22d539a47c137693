"""A line for a path, which suggests how it may go on."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.suggester import Suggester
from textual.widgets import Input

from localai.sanitize import clean
from tui.typed_path import completed, typed


class PathSuggester(Suggester):
    """Suggests folders, and files with one of the endings."""

    def __init__(self, endings: tuple[str, ...]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._endings = endings

    async def get_suggestion(self, value: str) -> str | None:
        """The first name that goes on like this."""
        return completed(value, self._endings)


class PathInput(Input):
    """An input for the path of a file; `endings` are those of files worth suggesting."""

    def __init__(self, text: str = "", *, endings: tuple[str, ...] = (), placeholder: str = ""):
        suggester = PathSuggester(endings)
        super().__init__(
            text,
            placeholder=placeholder,
            suggester=suggester,
            compact=True,
            select_on_focus=False,
        )

    @property
    def path(self) -> Path | None:
        """What was written; None for nothing."""
        return typed(self.value) if self.value.strip() else None

    def complete(self) -> None:
        """Take the suggestion."""
        self.cursor_position = len(self.value)
        self.action_cursor_right()

    def _on_paste(self, event: events.Paste) -> None:
        """Take in the first line of clean text; a dragged file comes like this, too."""
        event.stop()
        event.prevent_default()
        for line in clean(event.text).strip().splitlines()[:1]:
            self.replace(line, *self.selection)
