"""The chat screen's part in looking after what was said: import, export, backup, forgetting."""

from __future__ import annotations

import os
import re
from pathlib import Path

from localai.errors import LocalaiError
from localai.sanitize import one_line
from localai.store import query
from tui.learning.words import shorten
from tui.screens.base import ChatBase
from tui.widgets.sidebar import UNTITLED

NAME_CELLS = 40
ALL = "conversations"


class KeepingActions(ChatBase):
    """Opens a screen for each, imported only then, and shows afterwards what is there."""

    def action_import(self) -> None:
        """Take in conversations from elsewhere."""
        from tui.screens.imports import ImportScreen

        self.app.push_screen(ImportScreen(self.open_store), lambda _: self._refresh())

    def action_export(self) -> None:
        """Write a conversation into a file."""
        from tui.screens.export import ExportScreen

        target = self.target()
        if not target:
            self.say("This conversation has no messages yet; there is nothing to export.")
            return
        with self.reporting():
            title = one_line(self.store.conversation(target).title) or UNTITLED
            name = f"Export “{shorten(title, NAME_CELLS)}”"
            self.app.push_screen(ExportScreen(name, self.open_store, (target,), proposal(title)))

    def action_export_all(self) -> None:
        """Write all conversations into one file."""
        from tui.screens.export import ExportScreen

        name = "Export all conversations"
        self.app.push_screen(ExportScreen(name, self.open_store, None, proposal(ALL)))

    def action_back_up(self) -> None:
        """Put everything into one file."""
        from tui.screens.backup import BackupScreen

        self.app.push_screen(BackupScreen(self.open_store))

    def action_forget(self) -> None:
        """Erase the message under the cursor, else a conversation, for good."""
        cursor = self.transcript.cursor
        target = self.target()
        if self.transcript.has_focus and cursor is not None:
            row = self.transcript.items[cursor].row
            said = one_line(row.message.text) or "…"
            self._forget(f"Forget “{shorten(said, NAME_CELLS)}”", messages=(row.id,))
        elif target:
            with self.reporting():
                title = one_line(self.store.conversation(target).title) or UNTITLED
                name = f"Forget the conversation “{shorten(title, NAME_CELLS)}”"
                self._forget(name, conversations=(target,))
        else:
            self.say("There is no conversation to forget here.")

    def forget_mentions(self, text: str) -> None:
        """Erase everything that has these words."""
        try:
            asked = query.parse(text)
        except LocalaiError as error:
            self.say(str(error), wrong=True)
            return
        if asked.filters or asked.unwanted:
            self.say("Forgetting goes by words alone; leave out filters and -words.")
        elif not asked.wanted:
            self.say("Write the words of what is to be forgotten first.")
        else:
            words = shorten(one_line(text), NAME_CELLS)
            self._forget(f"Forget everything with the words “{words}”", words=text)

    def _forget(
        self,
        name: str,
        conversations: tuple[str, ...] = (),
        messages: tuple[str, ...] = (),
        words: str = "",
    ) -> None:
        from tui.screens.forget import ForgetScreen, Wish

        if self.is_busy():
            return
        wish, tune = Wish(conversations, messages, words), self.bridge.start_tune
        self.app.push_screen(ForgetScreen(name, self.open_store, wish, self._forgotten, tune))

    def _forgotten(self) -> None:
        """Show what is left; the engine, whose memory holds what it has read, ends."""
        self.bridge.unload()
        self.tips.clear()  # they may name messages that are gone
        try:
            if self.conversation is not None:
                self.store.conversation(self.conversation.id)
            self._refresh()
        except LocalaiError:
            self.open_conversation("")

    def _refresh(self) -> None:
        """Show list and conversation as they are stored."""
        self.list_conversations()
        if not self.busy:
            self.reload()

    def target(self) -> str:
        """The conversation an action means. Defined by the conversations."""
        raise NotImplementedError

    def open_conversation(self, conversation_id: str, message_id: str = "") -> None:
        """Show a conversation. Defined by the conversations."""
        raise NotImplementedError


def proposal(title: str) -> Path:
    """A path for a file of that name, without an ending: in the present folder if it can be
    written, else in the home folder."""
    name = re.sub(r"\W+", "-", title.lower()).strip("-")[:NAME_CELLS].strip("-")
    try:
        folder = Path.cwd()
    except OSError:  # it was deleted meanwhile
        folder = Path.home()
    return (folder if os.access(folder, os.W_OK) else Path.home()) / (name or ALL)
