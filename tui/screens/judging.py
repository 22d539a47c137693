"""The chat screen's menu on an answer: what was right or wrong with it, and what follows."""

from __future__ import annotations

from typing import Any

from textual import on

from localai.chat.amending import INVENTED
from localai.store.authoring import Mark
from localai.store.rows import StoredMessage
from tui.bridge import Begin
from tui.messages import ToolsFound, TurnEnded
from tui.screens.better import BetterScreen
from tui.screens.corrections import CorrectionActions
from tui.screens.reasons import ReasonsScreen
from tui.screens.tool_choice import ToolChoiceScreen
from tui.transcript.item import Item

MARKS: dict[str | None, Mark] = {"good": "good", "bad": "bad"}


class JudgingActions(CorrectionActions):
    """Marks answers, and has them given another way."""

    _meant: tuple[str, str] = ("", "")
    """The answer that the menu is about: its conversation and its message."""
    _compared: StoredMessage | None = None

    def action_judge(self) -> None:
        """Say in a menu what was wrong with the answer, or right."""
        item = self.answer_meant()
        if item is not None:
            self._meant = self.conversation_id, item.row.id
            used_tools = any(each.calls for each in self.turn_to(item))
            self.app.push_screen(ReasonsScreen(used_tools=used_tools), self._judge)

    def _judge(self, choice: str | None) -> None:
        """What was chosen in the menu."""
        item = self._still_meant() if choice is not None else None
        if item is None:
            return
        if choice in MARKS:
            self.bridge.mark(item.row.id, MARKS[choice])
        elif choice == "edit":
            self.edit_answer(item)
        elif choice == "invented":
            self.edit_answer(item, INVENTED, "invented")
        elif choice == "tool":
            self.bridge.find_tools()
        elif choice == "no-tool":
            first = self.turn_to(item)[0]
            self.answer_again(first, lambda session: session.without_tools(item.row.id))
        elif choice == "shorter":
            self._compared = item.row
            self.answer_again(item, lambda session: session.more_briefly(item.row.id))

    @on(ToolsFound)
    def _choose_tool(self, message: ToolsFound) -> None:
        if self.app.screen is not self or self.is_busy():
            return
        item = self._still_meant()
        if item is None:
            return
        if not message.tools:
            self.say("There are no tools to choose from; localai tools list tells why.")
            return

        def run(name: str, arguments: dict[str, Any]) -> None:
            item = self._still_meant()
            if item is not None:
                first, answer = self.turn_to(item)[0], item.row.id
                self.answer_again(first, lambda s: s.with_tool(answer, name, arguments))

        self.app.push_screen(ToolChoiceScreen(self.question_text(item), message.tools, run))

    @on(TurnEnded)
    def _compare(self) -> None:
        """After a briefer answer: which of the two is better?"""
        first, self._compared = self._compared, None
        items = self.transcript.items
        if first is None or not items:
            return
        here = self.conversation_id
        second = items[-1].row
        begun = second.id != first.id and second.parent == first.parent
        if not begun or second.status != "done":
            return

        def prefer(number: int | None) -> None:
            if number == 2:
                self.bridge.prefer(here, first.id, second.id)
            else:
                self._go_back_to(first)

        self.app.push_screen(BetterScreen(first, second), prefer)

    def _still_meant(self) -> Item | None:
        """The answer that the menu is about as it is shown now, or a sentence that it is gone."""
        conversation, message = self._meant
        place = self.transcript.index_of(message)
        if place is None or conversation != self.conversation_id:
            self.say("The answer is not shown any more; go to it and press m again.")
            return None
        return self.transcript.items[place]

    def _go_back_to(self, first: StoredMessage) -> None:
        with self.reporting():
            here = self.conversation_id
            self.store.set_leaf(here, self.tips.get((here, first.id), first.id))
            self.reload()
            self.point_at(first.id)
            self.say("The first answer stays.")

    def answer_again(self, item: Item, begin: Begin) -> None:
        """Give another answer beside one. Defined by the turns."""
        raise NotImplementedError
