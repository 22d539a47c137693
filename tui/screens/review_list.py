"""The review screen's list and what it shows of the example under the cursor.

Examples are read a page at a time in a worker with a store of its own, so nothing waits for
a large data set. Decisions and editing build on this one.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Footer, OptionList, Static

from localai.engine.base import EngineState
from localai.errors import LocalaiError
from localai.sanitize import clean
from localai.store.store import Store
from localai.store.tuning import ExampleState, StoredExample
from tui import notices
from tui.bridge import Bridge
from tui.review import pages, paint
from tui.review.messages import LaidOut, Reworded
from tui.review.values import Filter
from tui.widgets.example import ExampleView
from tui.widgets.examples import ExampleList

PAUSE_SECONDS = 0.15
"""How long the cursor must rest on an example before its tokens are made."""
WIDE = 110
"""Columns from which list and example stand side by side."""
STEP = 4
"""Lines that the example scrolls by with a key."""
BAD = "The answer is marked bad, so nothing is learned of it; e writes a better one."
HINTS: dict[EngineState, str] = {
    "stopped": "The tokens show once the model is loaded; t loads it.",
    "crashed": "The tokens show once the model is loaded again; t loads it.",
    "loading": "The model is loading; then the tokens show.",
    "ready": "The tokens are being made.",
    "busy": "The tokens show when the answer is written.",
}


class ReviewList(ModalScreen[bool]):
    """Lists with `reader`, which it closes; looks single examples up with `store`."""

    AUTO_FOCUS: ClassVar[str | None] = "#examples"
    say = notices.say

    class Listed(Message):
        """What the reading with this number found, or why it cannot be read."""

        def __init__(self, number: int, page: pages.Page | None, problem: str = "") -> None:
            super().__init__()
            self.number, self.page, self.problem = number, page, problem

    class Continued(Message):
        """More examples of the list with this number."""

        def __init__(self, number: int, rows: tuple[StoredExample, ...]) -> None:
            super().__init__()
            self.number, self.rows = number, rows

    def __init__(self, store: Store, reader: Store, bridge: Bridge, rewrites: int) -> None:
        super().__init__()
        self.store, self.bridge = store, bridge
        self._most = rewrites
        self.shown = Filter()
        self.counts: Counter[tuple[str, ExampleState]] = Counter()
        self._reader = reader
        self._number, self._point = 0, ""
        self._complete = self._reading = False
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """Names and numbers; the list beside or above the example; keys."""
        with Vertical(id="review"):
            yield Static("", id="headline")
            with Container(id="columns"):
                yield ExampleList(id="examples")
                yield ExampleView(id="example")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with what waits."""
        self.list_anew(None)

    def on_unmount(self) -> None:
        """Break off what is being read, and close the store."""
        self._reader.interrupt()
        self._reader.close()

    def on_resize(self, event: events.Resize) -> None:
        """Lay the lines out for the new width, once it is known to the widgets."""
        narrow = event.size.width < WIDE
        self.set_class(narrow, "-narrow")
        self.examples.tall = not narrow
        self.call_after_refresh(self._lay_out_lines)

    @property
    def examples(self) -> ExampleList:
        """The list."""
        return self.query_one(ExampleList)

    @property
    def view(self) -> ExampleView:
        """The example in full."""
        return self.query_one(ExampleView)

    def list_anew(self, wanted: Filter | None, point: str = "") -> None:
        """List the examples of a filter from the newest on, the cursor on `point`."""
        self._reader.interrupt()
        self._number += 1
        self._point, self._reading = point, True
        read = partial(self._read, self._number, wanted)
        self.run_worker(read, thread=True, exclusive=True)

    def paint_headline(self) -> None:
        """Bring the numbers up to date."""
        line = self.query_one("#headline", Static)
        line.update(paint.headline(self.shown, self.counts, line.content_size.width))

    def show_current(self) -> None:
        """Show the example under the cursor; its tokens when the cursor has come to rest."""
        row = self.examples.current
        if row is None:
            self.view.explain(paint.nothing(self.shown))
            return
        try:
            self.view.show(pages.sheet(self.store, row), self._most)
        except LocalaiError as error:
            self.view.explain(clean(str(error)))
            return
        self.view.hint(BAD if row.source == "bad" else HINTS[self.bridge.state])
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(PAUSE_SECONDS, self._ask_for_tokens)

    def lay_out(self, message: LaidOut) -> None:
        """Show the tokens, unless the cursor is elsewhere by now."""
        row, preview = self.examples.current, message.preview
        if row is None or row.id != message.example_id:
            return
        if preview is None:
            self.view.hint(message.problem)
        elif preview.example.leaf == row.leaf:
            self.view.lay_out(preview)

    def reword(self, message: Reworded) -> None:
        """Show the ways to ask anew, and the tokens, unless the cursor is elsewhere by now."""
        row = self.examples.current
        if row is not None and row.id == message.example_id:
            self.show_current()

    def action_load(self) -> None:
        """Load the model, and make the tokens."""
        row = self.examples.current
        if row is not None and row.source != "bad":
            if self.bridge.state in ("stopped", "crashed"):
                self.bridge.warm()
                self.view.hint(HINTS["loading"])
            self.bridge.lay_out(row)

    def action_way(self) -> None:
        """Show the tokens of another way to ask."""
        self.view.next_way()

    def action_scroll(self, way: int) -> None:
        """Scroll the example, wherever the focus is."""
        self.view.scroll_relative(y=way * STEP, animate=False)

    def _ask_for_tokens(self) -> None:
        row = self.examples.current
        loaded = self.bridge.state not in ("stopped", "crashed")
        if row is not None and row.source != "bad" and loaded:
            self.bridge.lay_out(row)

    def _lay_out_lines(self) -> None:
        self.examples.lay_out()
        self.paint_headline()

    def _read(self, number: int, wanted: Filter | None) -> None:
        """In a worker's thread."""
        try:
            self.post_message(self.Listed(number, pages.first(self._reader, wanted)))
        except LocalaiError as error:
            self.post_message(self.Listed(number, None, str(error)))

    def _read_more(self, number: int, listed: int) -> None:
        """In a worker's thread."""
        try:
            self.post_message(self.Continued(number, pages.more(self._reader, self.shown, listed)))
        except LocalaiError as error:
            self.post_message(self.Listed(number, None, str(error)))

    @on(Listed)
    def _listed(self, event: Listed) -> None:
        if event.number != self._number:
            return
        self._reading = False
        if event.page is None:
            self.say(event.problem, wrong=True)
            return
        page = event.page
        self.shown, self.counts = page.shown, Counter()
        for tally in page.tallies:
            self.counts[tally.name, tally.state] += tally.count
        self._complete = len(page.rows) < pages.PAGE
        self.examples.show(page.rows)
        self.examples.point(self._point)
        self.paint_headline()
        if not page.rows:
            self.show_current()

    @on(ExampleList.NearEnd)
    def _near_end(self, event: ExampleList.NearEnd) -> None:
        event.stop()
        if not (self._complete or self._reading):
            self._reading = True
            listed = sum(map(self.shown.takes, self.examples.rows))
            read = partial(self._read_more, self._number, listed)
            self.run_worker(read, thread=True, exclusive=True)

    @on(Continued)
    def _continued(self, event: Continued) -> None:
        if event.number == self._number:
            self._reading = False
            self._complete = len(event.rows) < pages.PAGE + pages.OVERLAP
            self.examples.extend(event.rows)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.show_current()
