"""Searching everything that was said, as one types.

Each change is looked up in a worker with a store of its own, so typing never waits; what
is still being looked up for an older text is broken off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from localai.errors import LocalaiError
from localai.moments import local
from localai.sanitize import clean
from localai.store.rows import Hit
from localai.store.store import Store
from tui.backend import OpenStore
from tui.keymap import bindings

PAUSE_SECONDS = 0.08
"""How long no key must come before it is looked up."""
MOST = 50
HINT = (
    'Words, a "phrase", -without, role:user, model:, tool:, has:correction, before:2026-01, after:'
)


class SearchScreen(ModalScreen[Hit | None]):
    """Returns the message to go to, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("search")

    class Found(Message):
        """What the look-up with this number found, or the sentence why it cannot be done."""

        def __init__(self, number: int, hits: Sequence[Hit], problem: str = "") -> None:
            super().__init__()
            self.number, self.hits, self.problem = number, hits, problem

    def __init__(
        self, open_store: OpenStore, text: str = "", forget: Callable[[str], None] = lambda _: None
    ) -> None:
        super().__init__()
        self._open_store, self._forget = open_store, forget
        self._store: Store | None = None
        self._text = text
        self._hits: Sequence[Hit] = ()
        self._timer: Timer | None = None
        self._number = 0

    @property
    def text(self) -> str:
        """What was typed, so that the next search can begin with it."""
        return self._text

    def compose(self) -> ComposeResult:
        """What to look for, what came of it, the messages."""
        with Vertical(id="search") as panel:
            panel.border_title = "Search"
            panel.border_subtitle = "enter goes there · ↑ ↓ choose · f8 forgets · esc closes"
            yield Input(self._text, placeholder="What was said", compact=True, select_on_focus=True)
            yield Static(HINT, id="outcome", markup=False)
            hits = OptionList(id="hits", markup=False)
            hits.can_focus = False
            yield hits

    def on_mount(self) -> None:
        """Open the store; the last text is looked up again."""
        self._store = self._open_store()

    def on_unmount(self) -> None:
        """Break off what is being looked up, and close the store."""
        if self._store is not None:
            self._store.interrupt()
            self._store.close()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._text = event.value
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE_SECONDS, self._look_up)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_open()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._hits[event.option_index])

    def action_open(self) -> None:
        """Go to the message under the cursor."""
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self.dismiss(self._hits[highlighted])

    def action_leave(self) -> None:
        """Go back to the conversation."""
        self.dismiss(None)

    def action_forget(self) -> None:
        """Have everything forgotten that has the words."""
        self._forget(self._text)

    def on_screen_resume(self) -> None:
        """What was found before may be forgotten by now."""
        self._look_up()

    def action_move(self, way: str) -> None:
        """Move the cursor in the list; the focus stays where one types."""
        hits = self.query_one(OptionList)
        moves: dict[str, Callable[[], None]] = {
            "up": hits.action_cursor_up,
            "down": hits.action_cursor_down,
            "pageup": hits.action_page_up,
            "pagedown": hits.action_page_down,
        }
        moves[way]()

    def _look_up(self) -> None:
        if self._store is not None:
            self._store.interrupt()
            self._number += 1
            search = partial(self._search, self._store, self._number, self._text)
            self.run_worker(search, thread=True, exclusive=True)

    def _search(self, store: Store, number: int, text: str) -> None:
        """In a worker's thread."""
        if number != self._number:
            return
        try:
            self.post_message(self.Found(number, store.search(text, MOST)))
        except LocalaiError as error:
            self.post_message(self.Found(number, (), str(error)))

    @on(Found)
    def _found(self, event: Found) -> None:
        """Show it, unless something else is being looked up by now."""
        if event.number != self._number:
            return
        self._hits = event.hits
        outcome = self.query_one("#outcome", Static)
        outcome.set_class(bool(event.problem), "-problem")
        outcome.update(clean(event.problem) or _count(self._text, len(event.hits)))
        hits = self.query_one(OptionList)
        hits.clear_options()
        hits.add_options(Option(hit_lines(hit)) for hit in event.hits)
        hits.highlighted = 0 if event.hits else None


def hit_lines(hit: Hit) -> Content:
    """Title, who said it and when; below the stretch around the match."""
    when = local(hit.created)
    title = Content(_line(hit.title).strip() or "Untitled")
    about = Content.styled(f"  {hit.role}, {when.day} {when:%b %Y}", "$foreground 60%")
    stretch = [
        Content.styled(_line(text), "bold $primary" if match else "$foreground 80%")
        for text, match in hit.pieces
    ]
    return Content.assemble(title, about, "\n  ", *stretch)


def _line(text: str) -> str:
    """On one line, safe for the screen."""
    return re.sub(r"\s+", " ", clean(text))


def _count(text: str, count: int) -> str:
    if not count:
        return "Nothing was found." if text.strip() else HINT
    return f"The best {count}" if count == MOST else f"{count} message{'s' if count > 1 else ''}"
