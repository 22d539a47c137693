"""The chat screen's conversations: open, new, fork, rename, delete with undo."""

from __future__ import annotations

from textual import on

from localai.sanitize import clean, one_line
from tui.recall import Recall
from tui.screens.ask import AskScreen
from tui.screens.base import ChatBase
from tui.widgets.sidebar import UNTITLED, Sidebar


class ConversationActions(ChatBase):
    """Moves between conversations; what was being written stays with each."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._drafts: dict[str, str] = {}
        self._deleted: list[str] = []

    def open_conversation(self, conversation_id: str, message_id: str = "") -> None:
        """Show a conversation from its end, or at a message; "" begins a new one.

        The conversation goes on from the branch with the message from now on.
        """
        if self.is_busy():
            return
        self._drafts[self.conversation_id] = "" if self.give_up_editing() else self.prompt.text
        with self.reporting():
            found = self.store.conversation(conversation_id) if conversation_id else None
            if found is not None and message_id:
                leaf = self.store.leaf_through(message_id, found.id)
                if leaf != found.leaf:
                    self.store.set_leaf(found.id, leaf)
            self.conversation = found
            self.reload()
            self._after_opening()
            if message_id:
                self.transcript.focus()
                self.point_at(message_id)

    def _after_opening(self) -> None:
        items = self.transcript.items
        said = [item.row.message.text for item in items if not item.is_answer]
        self.prompt.recall = Recall(map(clean, said[-100:]))
        self.prompt.put(self._drafts.pop(self.conversation_id, ""))
        self.prompt.focus()
        self.list_conversations()
        self.show_last_use()

    @on(Sidebar.Opened)
    def _opened(self, event: Sidebar.Opened) -> None:
        self.open_conversation(event.conversation_id)

    def action_new(self) -> None:
        """Begin a new conversation; it is stored with its first question."""
        self.open_conversation("")

    def action_fork(self) -> None:
        """Begin a conversation that goes on from the chosen message, the last one by default."""
        if self.is_busy():
            return
        items, cursor = self.transcript.items, self.transcript.cursor
        if self.conversation is None or not items:
            self.say("There is nothing to fork yet; write a message first.")
            return
        title = one_line(self.conversation.title) or UNTITLED
        with self.reporting():
            item = items[-1 if cursor is None else cursor]
            made = self.store.fork(self.conversation.id, item.last_id)
            self.open_conversation(made.id)
            self.say(f"A fork goes on from here; “{title}” stays as it is.")

    def action_sidebar(self) -> None:
        """Show the list and go there; hide it when it has the focus or is in the way."""
        if self.sidebar.display and self.sidebar.has_focus:
            self.sidebar.display = False
            self.prompt.focus()
        else:
            self.sidebar.display = True
            self.list_conversations()
            self.sidebar.focus()

    def action_rename(self) -> None:
        """Give a conversation another title."""
        target = self.target()
        if not target:
            self.say("This conversation has no messages yet; there is nothing to rename.")
            return
        with self.reporting():
            title = self.store.conversation(target).title

            def rename(answer: str | None) -> None:
                if answer is not None and answer.strip():
                    with self.reporting():
                        self.store.rename(target, answer.strip())
                    self.list_conversations()

            self.app.push_screen(AskScreen("Title", clean(title)), rename)

    def action_delete(self) -> None:
        """Delete a conversation; it can be brought back."""
        target = self.target()
        if not target:
            self.say("There is no conversation to delete here.")
            return
        if target == self.conversation_id and self.is_busy():
            return
        with self.reporting():
            title = self.store.conversation(target).title
            self.store.delete(target)
            self._deleted.append(target)
            if target == self.conversation_id:
                focused = self.focused
                self.open_conversation("")
                if focused is not None and focused is not self.prompt:
                    focused.focus()
            self.list_conversations()
            self.say(f"Deleted “{title or UNTITLED}”; press u in the list to bring it back.")

    def action_undelete(self) -> None:
        """Bring the conversation back that was deleted last."""
        if not self._deleted:
            self.say("Nothing was deleted in this session.")
            return
        with self.reporting():
            restored = self._deleted.pop()
            self.store.undelete(restored)
            self.list_conversations()
            self.say("The conversation is back.")

    def target(self) -> str:
        """The conversation an action means: in the list the one under the cursor."""
        return (self.sidebar.pointed if self.sidebar.has_focus else "") or self.conversation_id

    def give_up_editing(self) -> bool:
        """Leave a question as it was. Defined by the questions."""
        raise NotImplementedError

    def show_last_use(self) -> None:
        """How full the window was after the last answer. Defined by the screen."""
        raise NotImplementedError
