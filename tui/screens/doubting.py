"""The chat screen's "Sure?": the answer's prompt sampled again, and what the user makes of it."""

from __future__ import annotations

from textual import on

from localai.chat.amending import INVENTED
from tui.messages import Doubted
from tui.screens.corrections import CorrectionActions
from tui.screens.sure import SureScreen


class DoubtActions(CorrectionActions):
    """Asks how sure the model is of an answer, and corrects what it made up."""

    def action_sure(self) -> None:
        """Ask for the chosen answer five more times, and show how far they agree."""
        item = self.answer_meant()
        if item is None:
            return
        answer = item.row.id

        def decide(choice: str | None) -> None:
            self.bridge.doubt("")
            place = self.transcript.index_of(answer)
            if choice == "invented" and place is not None:
                self.edit_answer(self.transcript.items[place], INVENTED, "invented")

        self.app.push_screen(SureScreen(answer, self.bridge.doubt), decide)

    @on(Doubted)
    def _doubted(self, message: Doubted) -> None:
        if isinstance(self.app.screen, SureScreen):
            self.app.screen.show(message.certainty)
