"""A dialog for something that takes a while: it asks, does it, and says what came of it.

It is done in a worker's thread with a store of its own, so that the app goes on meanwhile.
What is asked and done is said by the screens that build on this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from localai.errors import LocalaiError
from localai.sanitize import clean
from localai.store.store import Store
from tui.backend import OpenStore
from tui.keymap import bindings
from tui.learning.paint import WIDEST_BAR, bar
from tui.widgets.path_input import PathInput

T = TypeVar("T")

TELL_SECONDS = 0.1
"""Between two words on how far it is."""
MORE = "page down scrolls"


class Stopped(Exception):
    """The user has had enough of what is being done."""


class TaskScreen(ModalScreen[None]):
    """One task. `working` while it is done; `finished` when there is nothing left to do."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("task")
    stoppable = False
    """Whether what is being done can be stopped."""

    class Moved(Message):
        """How far it is: `share` in percent, and in words."""

        def __init__(self, share: int, words: str) -> None:
            super().__init__()
            self.share, self.words = share, words

    class Ended(Message):
        """It is done, and `then` is next; or the sentence why it is not."""

        def __init__(self, then: Callable[[], None] | None, problem: str = "") -> None:
            super().__init__()
            self.then, self.problem = then, problem

    def __init__(self, title: str, open_store: OpenStore) -> None:
        super().__init__()
        self._heading, self._open_store = title, open_store
        self.working = self.finished = self._stopping = False
        self._next, self._keys = 0.0, ""

    def body(self) -> Iterable[Widget]:
        """What asks, and the `outcome`."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Title, body, how far it is, what is wrong, keys."""
        with Vertical(id="dialog", classes="task"):
            yield Label(clean(self._heading), id="title", markup=False)
            yield from self.body()
            yield Static("", id="progress")
            yield Static("", id="complaint", markup=False)
            yield Static("", id="keys", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Follow whether there is more to read than can be seen."""
        self.watch(self.query_one("#outcome"), "show_vertical_scrollbar", self._show_keys)

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        self._stopping = True

    def show(self, lines: Iterable[str] = (), *, keys: str, problem: str = "") -> None:
        """Say what came of it, what is wrong, and which keys do what."""
        said = "\n".join(map(clean, lines))
        self.query_one("#lines", Static).update(said)
        self.query_one("#complaint", Static).update(clean(problem))
        self.query_one("#outcome").display = bool(said)
        self.query_one("#complaint").display = bool(problem)
        self.query_one("#progress").display = self.working
        self._keys = keys
        self._show_keys()

    def ask_no_more(self) -> None:
        """Take nothing more in; the keys go to what there is to read."""
        for field in self.query(Input):
            field.disabled = True
        self.query_one("#outcome").focus()

    def finish(self, lines: Iterable[str], *, keys: str = "", problem: str = "") -> None:
        """Say what came of it; there is nothing left but to close."""
        self.finished = True
        self.ask_no_more()
        self.show(lines, keys=f"{keys}enter closes", problem=problem)

    def work(self, words: str, task: Callable[[Store], T], then: Callable[[T], None]) -> None:
        """Do the task in a thread; `then` gets what it returned, or `failed` a sentence."""
        self.working, self._stopping = True, False
        self.query_one("#progress", Static).update(clean(words))
        self.show(keys="esc stops" if self.stoppable else "this cannot be stopped")
        self.run_worker(partial(self._run, task, then), thread=True)

    def advance(self, read: int, total: int, words: str) -> None:
        """Tell how far it is, now and then. Called in the worker's thread; raises Stopped."""
        if self._stopping:
            raise Stopped
        now = time.monotonic()
        if now >= self._next:
            self._next = now + TELL_SECONDS
            self.post_message(self.Moved(100 * read // max(total, 1), words))

    def failed(self, sentence: str) -> None:
        """What to do when it could not be done."""
        raise NotImplementedError

    def action_go(self) -> None:
        """The next step; the last one is to close."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Stop what can be stopped; else close, unless something is being done."""
        if not self.working:
            self.dismiss()
        elif self.stoppable:
            self._stopping = True

    def action_complete(self) -> None:
        """Complete the path; go to the next field where there is nothing to complete."""
        for field in self.query(PathInput):
            before = field.value
            if field.has_focus:
                field.complete()
            if field.value == before:
                self.focus_next(Input)

    def action_page(self, step: int) -> None:
        """Scroll what there is to read; the focus stays where one types."""
        place = self.query_one("#outcome")
        place.scroll_relative(y=step * max(1, place.size.height - 1), animate=False)

    def _show_keys(self) -> None:
        """Say which keys do what, also where there is more to read than can be seen."""
        more = self.query_one("#outcome").show_vertical_scrollbar
        self.query_one("#keys", Static).update(f"{self._keys} · {MORE}" if more else self._keys)

    def _run(self, task: Callable[[Store], T], then: Callable[[T], None]) -> None:
        """In the worker's thread."""
        try:
            with self._open_store() as store:
                done = task(store)
        except LocalaiError as error:
            self.post_message(self.Ended(None, str(error)))
        else:
            self.post_message(self.Ended(partial(then, done)))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_go()

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        if self.working:
            progress = self.query_one("#progress", Static)
            room = min(WIDEST_BAR, self.query_one("#dialog").content_size.width)
            progress.update(Content.assemble(bar(event.share, room), "\n", clean(event.words)))

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        self.working = False
        if event.then is not None:
            event.then()
        else:
            self.failed(event.problem)


def outcome() -> Widget:
    """The place for what there is to say."""
    return VerticalScroll(Static("", id="lines", markup=False), id="outcome")
