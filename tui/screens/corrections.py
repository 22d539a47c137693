"""The chat screen's corrections: editing an answer, taking a correction back."""

from __future__ import annotations

from textual import on

from localai.store.rows import StoredMessage
from tui.messages import Corrected, Withdrawn
from tui.screens.base import ChatBase
from tui.screens.editor import EditorScreen


class CorrectionActions(ChatBase):
    """Turns answers into corrections, and back."""

    def action_correct(self) -> None:
        """Edit the chosen answer; the last one while nobody is in the transcript."""
        if self.busy:
            self.say("The answer is still being written; press esc to stop it first.")
            return
        if not self.transcript.has_focus:
            self.transcript.cursor = None
        item = self.chosen()
        if item is None:
            return
        if item.calls:
            self.say("This message only calls tools; what can be corrected is an answer to them.")
            return
        items = self.transcript.items
        place = items.index(item)
        asked = self.transcript.question_of(item)
        question = items[asked].row.message.text if asked >= 0 else ""
        row, here = item.row, self.conversation_id

        def save(text: str) -> None:
            self.remember_tip(item)
            self.bridge.correct(here, row.id, text)

        followed = place + 1 < len(items)
        self.app.push_screen(EditorScreen(question, row.message.text, save, followed=followed))

    def action_take_back(self) -> None:
        """Take back the correction that is chosen; else bring back what was deleted last."""
        item = self.transcript.chosen
        if item is None or not item.corrected:
            self.action_undelete()
        elif self.busy:
            self.say("The answer is still being written; press esc to stop it first.")
        else:
            self.bridge.withdraw(self.conversation_id, item.row.id)

    @on(Corrected)
    def _corrected(self, message: Corrected) -> None:
        if isinstance(self.app.screen, EditorScreen):
            self.app.screen.dismiss()
        waiting = "1 waits" if message.waiting == 1 else f"{message.waiting:,} wait"
        self._show_changed(message.row.conversation, message.row)
        self.say(f"Correction recorded: {waiting} for the next tune.")

    @on(Withdrawn)
    def _withdrawn(self, message: Withdrawn) -> None:
        tip = self.tips.get((message.conversation_id, message.row.id))
        if tip is not None:
            with self.reporting():
                self.store.set_leaf(message.conversation_id, tip)
        self._show_changed(message.conversation_id, message.row)
        own = message.row.origin is not None
        now = "this is the model's own answer again" if own else "the model does not learn from it"
        self.say(f"The correction is taken back; {now}.")

    def _show_changed(self, conversation_id: str, row: StoredMessage) -> None:
        """Show the conversation as it now goes on, the changed answer chosen."""
        if conversation_id == self.conversation_id:
            self.reload()
            self.point_at(row.id)

    def action_undelete(self) -> None:
        """Bring back what was deleted last. Defined by the conversations."""
        raise NotImplementedError
