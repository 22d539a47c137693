"""The chat screen's questions: asking something else in the place of one, beside it."""

from __future__ import annotations

from localai.sanitize import clean
from tui.screens.turns import TurnActions
from tui.turn import Turn


class QuestionActions(TurnActions):
    """A question is changed in the prompt; what was asked and answered before stays."""

    editing: str = ""
    """The question that is being changed, by its message's id."""

    def action_ask_instead(self) -> None:
        """Put the chosen question, or that of the chosen answer, into the prompt to change it."""
        if self.is_busy():
            return
        items = self.transcript.items
        cursor = self.transcript.cursor
        under = items[-1 if cursor is None else cursor] if items else None
        at = self.transcript.question_of(under) if under is not None else -1
        if at < 0:
            self.say("There is no question yet; write a message first.")
            return
        self.editing = items[at].row.id
        self.prompt.put(clean(items[at].row.message.text))
        self.prompt.focus()
        self.say("Change the question; enter asks it instead, esc leaves it as it was.")

    def ask(self, text: str) -> None:
        """Ask; instead of the question that is being changed, if there is one."""
        place = self.transcript.index_of(self.editing) if self.editing else None
        instead, self.editing = self.editing, ""
        if place is None:
            super().ask(text)
            return
        self.remember_tip(self.transcript.items[place])
        self.transcript.truncate(place)
        self._begin(Turn(text=text))
        self.bridge.ask_instead(self.conversation_id, instead, text)

    def give_up_editing(self) -> bool:
        """Leave the question as it was; whether one was being changed."""
        if not self.editing:
            return False
        self.editing = ""
        self.prompt.put("")
        return True
