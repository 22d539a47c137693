"""What the parts of the chat screen share: its collaborators and its widgets.

The screen's actions are split by what they act on (turns, conversations, answers); each
part builds on this one, and none on another.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from textual.screen import Screen

from localai.config import Settings, save
from localai.engine.base import ModelInfo
from localai.errors import LocalaiError
from localai.sanitize import clean
from localai.store.rows import Conversation, StoredMessage
from localai.store.store import Store
from localai.store.tuning import Turn
from tui import notices
from tui.backend import OpenStore
from tui.bridge import Bridge
from tui.learning.values import Glance
from tui.transcript.item import Item
from tui.transcript.notes import with_notes
from tui.widgets.prompt import Prompt
from tui.widgets.sidebar import Sidebar
from tui.widgets.status import StatusLine
from tui.widgets.transcript_input import Transcript

MOST_LISTED = 1000
"""Conversations in the list; older ones are found through the command palette."""
WRITING = "The answer is still being written; press esc to stop it first."


class ChatBase(Screen[None]):
    """Collaborators, widgets and the few things every part does."""

    say = notices.say

    def __init__(
        self,
        store: Store,
        bridge: Bridge,
        settings: Settings,
        open_store: OpenStore,
        today: Callable[[], date],
    ) -> None:
        super().__init__()
        self.store, self.bridge, self.settings, self.today = store, bridge, settings, today
        self.open_store = open_store
        self.conversation: Conversation | None = None
        self.info: ModelInfo | None = None
        self.busy = False
        self.tips: dict[tuple[str, str], str] = {}
        self.glance = Glance()

    @property
    def transcript(self) -> Transcript:
        """The conversation."""
        return self.query_one(Transcript)

    @property
    def prompt(self) -> Prompt:
        """Where the user writes."""
        return self.query_one(Prompt)

    @property
    def sidebar(self) -> Sidebar:
        """The list of conversations."""
        return self.query_one(Sidebar)

    @property
    def status_line(self) -> StatusLine:
        """The last line."""
        return self.query_one(StatusLine)

    @property
    def memory_turn(self) -> Turn:
        """Whose turn it is with the memory, as far as the running tune tells."""
        run = self.glance.run
        return run.progress.turn if run is not None and run.state == "running" else ""

    @property
    def conversation_id(self) -> str:
        """The open conversation, "" for one that has not begun."""
        return self.conversation.id if self.conversation else ""

    def is_busy(self) -> bool:
        """Whether an answer is being written; if so, a sentence says what to do first."""
        if self.busy:
            self.say(WRITING)
        return self.busy

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Show an expected error as a sentence and go on."""
        try:
            yield
        except LocalaiError as error:
            self.say(str(error), wrong=True)

    def keep(self, name: str, value: str | int | list[str]) -> bool:
        """Write a setting into the user's file; whether it could be."""
        with self.reporting():
            save(name, value)
            return True
        return False

    def list_conversations(self) -> None:
        """Fill the sidebar anew."""
        with self.reporting():
            rows = [row for row in self.store.conversations(limit=MOST_LISTED) if row.messages]
            self.sidebar.show(rows, self.conversation_id, self.today())

    def reload(self) -> None:
        """Show the open conversation as it is stored."""
        with self.reporting(), uncollected():
            rows: tuple[StoredMessage, ...] = ()
            if self.conversation is not None:
                self.conversation = self.store.conversation(self.conversation.id)
                rows = self.store.path(self.conversation.leaf, self.conversation.id)
            self.transcript.set_items(self._items(rows))

    def point_at(self, message_id: str) -> None:
        """Put the transcript's cursor on a message and show it."""
        self.transcript.cursor = self.transcript.index_of(message_id)
        if self.transcript.cursor is not None:
            self.transcript.reveal(self.transcript.cursor)

    def remember_tip(self, item: Item) -> None:
        """Keep what follows an answer findable when the conversation takes another way."""
        self.tips[self.conversation_id, item.row.id] = self.transcript.items[-1].last_id

    def chosen(self) -> Item | None:
        """The answer that an action means, or a sentence that there is none."""
        item = self.transcript.chosen
        if item is None:
            self.say("There is no answer yet; write a message first.")
        return item

    def adapter_name(self, row: StoredMessage) -> str:
        """The name of the adapter that gave an answer, "" for the bare model."""
        if row.origin is None or not row.origin.adapter:
            return ""
        with self.reporting():
            return self.store.adapter(row.origin.adapter).name
        return ""

    def show_adapter(self, name: str) -> None:
        """Name the adapter that answers, "" for none."""
        self.status_line.status = replace(self.status_line.status, adapter=clean(name))

    def _items(self, rows: Sequence[StoredMessage]) -> list[Item]:
        """Rows with what other rows say about them, asked for only where it matters."""
        answers = [row for row in rows if row.message.role == "assistant"]
        names: dict[str, str] = {}
        if any(row.origin and row.origin.adapter for row in answers):
            names = {adapter.id: adapter.name for adapter in self.store.adapters()}
        verdicts = self.store.verdicts([row.id for row in answers])
        items: list[Item] = []
        for row, note in with_notes(rows):
            if row.message.role == "tool" and items:
                items[-1].take_results(row)
                continue
            adapter = names.get(row.origin.adapter, "") if row.origin else ""
            verdict = verdicts.get(row.id, "")
            items.append(Item(row, note=note, adapter=adapter, verdict=verdict))
        return items


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector off what is made here: while it is made, and afterwards.

    It would walk a long conversation again and again, and no part of one is a cycle.
    """
    gc.unfreeze()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
