"""The list of conversations, newest first, grouped by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from localai.moments import local
from localai.sanitize import one_line
from localai.store.rows import Conversation
from tui.keymap import bindings

UNTITLED = "New conversation"


def day_name(day: date, today: date) -> str:
    """The heading for a day."""
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - timedelta(days=7):
        return f"{day:%A}"
    return f"{day.day} {day:%B}" if day.year == today.year else f"{day:%B %Y}"


def grouped(rows: Iterable[Conversation], today: date) -> Iterator[tuple[str, list[Conversation]]]:
    """Conversations under the names of their days, in the order given."""
    name, group = "", list[Conversation]()
    for row in rows:
        current = day_name(local(row.updated).date(), today)
        if current != name and group:
            yield name, group
            group = []
        name = current
        group.append(row)
    if group:
        yield name, group


class Sidebar(OptionList):
    """Conversations to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("conversations")

    class Opened(Message):
        """The user chose a conversation."""

        def __init__(self, conversation_id: str) -> None:
            super().__init__()
            self.conversation_id = conversation_id

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False, compact=True)

    def show(self, rows: Iterable[Conversation], current: str, today: date) -> None:
        """List `rows`, the cursor on the conversation `current`."""
        options: list[Option] = []
        chosen: int | None = None
        for number, (name, group) in enumerate(grouped(rows, today)):
            if number:
                options.append(Option("", disabled=True))
            options.append(Option(Content.styled(name, "$foreground 60%"), disabled=True))
            for row in group:
                if row.id == current:
                    chosen = len(options)
                title = one_line(row.title) or UNTITLED
                options.append(Option(Content(title), id=row.id))
        self.clear_options()
        self.add_options(options or [Option("No conversations yet", disabled=True)])
        self.highlighted = chosen
        if self.has_focus:
            self.on_focus()

    @property
    def pointed(self) -> str:
        """The id of the conversation under the cursor, "" when there is none."""
        if self.highlighted is None:
            return ""
        return self.get_option_at_index(self.highlighted).id or ""

    def on_focus(self) -> None:
        """Point at the newest where no conversation is open, so that Enter opens one."""
        if self.highlighted is None:
            self.action_first()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Pass the choice on in our own words."""
        event.stop()
        if event.option_id:
            self.post_message(self.Opened(event.option_id))
