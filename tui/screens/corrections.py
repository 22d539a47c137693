"""The chat screen's corrections: editing an answer, taking back what was said of one."""

from __future__ import annotations

from textual import on

from localai.store.rows import StoredMessage
from localai.store.tuning import Reason
from tui.messages import Corrected, Marked, Withdrawn
from tui.screens.base import ChatBase
from tui.screens.editor import EditorScreen
from tui.transcript.item import Item


class CorrectionActions(ChatBase):
    """Turns answers into corrections, and back."""

    def action_correct(self) -> None:
        """Edit the chosen answer; the last one while nobody is in the transcript."""
        item = self.answer_meant()
        if item is not None:
            self.edit_answer(item)

    def action_take_back(self) -> None:
        """Take back what was said of the chosen answer; else bring back what was deleted last."""
        item = self._told_of()
        if item is None:
            self.action_undelete()
        elif self.is_busy():
            return
        elif item.corrected:
            self.bridge.withdraw(self.conversation_id, item.row.id)
        else:
            self.bridge.mark(item.row.id, None)

    def action_keep_note(self) -> None:
        """Keep the chosen answer in the user's notes, too."""
        item = self.answer_meant()
        if item is not None:
            self.bridge.keep_note(item.row.id)

    def answer_meant(self) -> Item | None:
        """The chosen answer; the last one while nobody is in the transcript."""
        if self.is_busy():
            return None
        if not self.transcript.has_focus:
            self.transcript.cursor = None
        return self.chosen()

    def edit_answer(self, item: Item, proposed: str = "", reason: Reason = "edited") -> None:
        """Open the editor with an answer, or with what is proposed in its place."""
        if item.calls:
            self.say("This message only calls tools; what can be corrected is an answer to them.")
            return
        row, here = item.row, self.conversation_id

        def save(text: str) -> None:
            self.remember_tip(item)
            self.bridge.correct(here, row.id, text, reason)

        items, question = self.transcript.items, self.question_text(item)
        followed = items.index(item) + 1 < len(items)
        answer = row.message.text
        self.app.push_screen(
            EditorScreen(question, answer, save, proposed=proposed, followed=followed)
        )

    def question_text(self, item: Item) -> str:
        """What an answer answers."""
        asked = self.transcript.question_of(item)
        return self.transcript.items[asked].row.message.text if asked >= 0 else ""

    def turn_to(self, item: Item) -> list[Item]:
        """An answer with the calls before it that belong to the same question."""
        items = self.transcript.items
        return items[self.transcript.question_of(item) + 1 : items.index(item) + 1]

    @on(Corrected)
    def _corrected(self, message: Corrected) -> None:
        if isinstance(self.app.screen, EditorScreen):
            self.app.screen.dismiss()
        waiting = "1 waits" if message.waiting == 1 else f"{message.waiting:,} wait"
        self._show_changed(message.row.conversation, message.row)
        note = " n keeps it as a note, too." if self.settings.tools.folders else ""
        self.say(f"Correction recorded: {waiting} for the next tune.{note}")

    @on(Marked)
    def _marked(self, message: Marked) -> None:
        self._show_changed(self.conversation_id, message.row)
        self.say(message.sentence)

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

    def _told_of(self) -> Item | None:
        """The chosen answer or, in its turn, the call before it, of which something was said."""
        item = self.transcript.chosen
        turn = self.turn_to(item) if item is not None else []
        return next((each for each in reversed(turn) if each.verdict), None)

    def _show_changed(self, conversation_id: str, row: StoredMessage) -> None:
        """Show the conversation as it now goes on, the changed answer chosen."""
        if conversation_id == self.conversation_id:
            self.reload()
            self.point_at(row.id)

    def action_undelete(self) -> None:
        """Bring back what was deleted last. Defined by the conversations."""
        raise NotImplementedError
