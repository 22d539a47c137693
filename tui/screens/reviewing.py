"""The chat screen's part in the review: what the bridge tells goes on to the review screen."""

from __future__ import annotations

from textual import on

from tui.review.messages import Judged, LaidOut, Reworded, Rewritten, SetJudged, Settled
from tui.screens.base import ChatBase
from tui.screens.editor import EditorScreen
from tui.screens.review import ReviewScreen


class ReviewActions(ChatBase):
    """Passes on what the bridge tells; the review may be gone by then."""

    def reviewed(self, changed: bool | None) -> None:
        """Show what was decided where it shows in the conversation, too."""
        if changed and not self.busy:
            self.reload()

    @on(Judged)
    def _judged(self, message: Judged) -> None:
        if message.problem:
            self.say(message.problem, wrong=True)
        self._settled(message)

    @on(SetJudged)
    def _set_judged(self, message: SetJudged) -> None:
        self._settled(message)

    def _settled(self, message: Settled) -> None:
        """Tell the review that asked; where it is closed, show what was decided here."""
        review = self._review
        if review is not None and review.token is message.review:
            review.settle(message)
        else:
            self.reviewed(True)

    @on(Rewritten)
    def _rewritten(self, message: Rewritten) -> None:
        if isinstance(self.app.screen, EditorScreen):
            self.app.screen.dismiss()
        if (review := self._review) is not None:
            review.take(message.example, message.instead_of)

    @on(Reworded)
    def _reworded(self, message: Reworded) -> None:
        if message.problem:
            self.say(message.problem, wrong=True)
        if (review := self._review) is not None:
            review.reword(message)

    @on(LaidOut)
    def _laid_out(self, message: LaidOut) -> None:
        if (review := self._review) is not None:
            review.lay_out(message)

    @property
    def _review(self) -> ReviewScreen | None:
        """The review, also below an editor or a question."""
        stack = self.app.screen_stack
        return next((screen for screen in stack if isinstance(screen, ReviewScreen)), None)
