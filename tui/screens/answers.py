"""The chat screen's answers: copying, inspecting, going through alternatives."""

from __future__ import annotations

from textual import on

from localai.chat import call_line
from localai.sanitize import clean
from tui.messages import Inspected, Probed
from tui.screens.base import ChatBase
from tui.screens.inspect import InspectScreen
from tui.transcript.item import Item


class AnswerActions(ChatBase):
    """What can be done with an answer that is there."""

    def action_copy_answer(self) -> None:
        """Copy the whole answer as it was written."""
        item = self.chosen()
        if item is not None and item.calls:
            self._copy("\n".join(map(call_line.asked, item.calls)), "the calls")
        elif item is not None:
            self._copy(item.row.message.text or item.document.source, "the answer")

    def action_copy_code(self) -> None:
        """Copy the last block of code of the answer."""
        item = self.chosen()
        if item is None:
            return
        blocks = item.document.code()
        if blocks:
            self._copy(blocks[-1], "the code")
        else:
            self.say("This answer has no block of code.")

    def action_sibling(self, step: int) -> None:
        """Show another answer to the same question, or another question in its place."""
        item = self._with_alternatives()
        if item is None or self.busy or item.row.id not in item.row.siblings:
            return
        place = item.row.siblings.index(item.row.id) + step
        if not 0 <= place < len(item.row.siblings):
            return
        target = item.row.siblings[place]
        with self.reporting():
            if self.conversation is not None:
                self.remember_tip(item)
                here = self.conversation.id
                tip = self.tips.get((here, target)) or self.store.leaf_through(target, here)
                self.store.set_leaf(here, tip)
            self.reload()
        self.point_at(target)

    def _with_alternatives(self) -> Item | None:
        """The message whose alternatives are meant: a question under the cursor that has some,
        else the chosen answer, else the first message of its turn, which may be calls."""
        transcript = self.transcript
        cursor = transcript.cursor
        if cursor is not None:
            under = transcript.items[cursor]
            if not under.is_answer and len(under.row.siblings) > 1:
                return under
        item = self.chosen()
        if item is not None and len(item.row.siblings) < 2:
            return transcript.items[transcript.question_of(item) + 1]
        return item

    def action_inspect(self) -> None:
        """Show what was sent for the answer, and how it went."""
        item = self.chosen()
        if item is None:
            return
        if self.is_busy():
            return
        with self.reporting():
            rows = self.store.path(item.row.id)
            dropped = rows[: item.row.origin.dropped] if item.row.origin else ()
            probe = self.bridge.probe
            self.app.push_screen(InspectScreen(item.row, item.adapter, dropped, probe))
            self.bridge.inspect(item.row.id)

    @on(Inspected)
    def _inspected(self, message: Inspected) -> None:
        if isinstance(self.app.screen, InspectScreen):
            self.app.screen.show_prompt(message.inspection)

    @on(Probed)
    def _probed(self, message: Probed) -> None:
        if isinstance(self.app.screen, InspectScreen):
            self.app.screen.show_probabilities(message.answer_id, message.tokens)

    def _copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(clean(text))
        self.say(f"Copied {what}.")
