"""The chat screen's one line above the prompt that offers to learn, and its two keys."""

from __future__ import annotations

from textual import on
from textual.widgets import Static

from localai.store.tuning import Run
from tui.learning.values import Offer
from tui.messages import Glanced
from tui.screens.base import ChatBase

NOTHING = "Nothing is offered now."
DECLINED = "It is not offered for this model again; t on the learning screen still teaches it."


class OfferActions(ChatBase):
    """Shows what the bridge tells of, until it is taken up or declined."""

    _offer: Offer | None = None
    _left = ("", 0)  # the run that is not to be gone on with, as it was

    def action_accept_offer(self) -> None:
        """Do what is offered. A run that cannot be gone on with after all is offered no more."""
        offer = self._offer
        if offer is None:
            self.say(NOTHING)
            return
        self.bridge.start_tune(offer.resume)
        if offer.resume is not None:
            self._leave(offer.resume)

    def action_decline_offer(self) -> None:
        """Offer it no more: a run until the app ends, a model for good."""
        offer = self._offer
        if offer is None:
            self.say(NOTHING)
        elif offer.resume is not None:
            self._leave(offer.resume)
        else:
            declined = [*self.settings.app.not_taught, offer.model]
            self.settings.app.not_taught = declined
            if self.keep("app.not_taught", declined):
                self.say(DECLINED)
            self._show_offer(None)

    def _leave(self, run: Run) -> None:
        """Offer to go on with it no more, unless it did and was cut off again."""
        self._left = (run.id, run.number)
        self._show_offer(None)

    @on(Glanced)
    def _looked(self, message: Glanced) -> None:
        self._show_offer(message.glance.offer)

    def _show_offer(self, offer: Offer | None) -> None:
        run = offer.resume if offer is not None else None
        if run is not None and (run.id, run.number) == self._left:
            offer = None
        self._offer = offer
        line = self.query_one("#offer", Static)
        line.display = offer is not None
        line.update(offer.sentence if offer else "")
