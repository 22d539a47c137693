"""The chat screen's one line above the prompt that offers to learn, and its two keys."""

from __future__ import annotations

from textual import on
from textual.widgets import Static

from tui.learning.values import Offer
from tui.messages import Glanced
from tui.screens.base import ChatBase

NOTHING = "Nothing is offered now."
DECLINED = "It is not offered for this model again; t on the learning screen still teaches it."


class OfferActions(ChatBase):
    """Shows what the bridge tells of, until it is taken up or declined."""

    _offer: Offer | None = None
    _left = ""  # the run that is not to be gone on with

    def action_accept_offer(self) -> None:
        """Do what is offered."""
        if self._offer is None:
            self.say(NOTHING)
        else:
            self.bridge.start_tune(self._offer.resume)

    def action_decline_offer(self) -> None:
        """Offer it no more: a run until the app ends, a model for good."""
        offer = self._offer
        if offer is None:
            self.say(NOTHING)
        elif offer.resume is not None:
            self._left = offer.resume.id
        else:
            declined = [*self.settings.app.not_taught, offer.model]
            self.settings.app.not_taught = declined
            self.keep("app.not_taught", declined)
            self.say(DECLINED)
        self._show_offer(None)

    @on(Glanced)
    def _looked(self, message: Glanced) -> None:
        self._show_offer(message.glance.offer)

    def _show_offer(self, offer: Offer | None) -> None:
        if offer is not None and offer.resume is not None and offer.resume.id == self._left:
            offer = None
        self._offer = offer
        line = self.query_one("#offer", Static)
        line.display = offer is not None
        line.update(offer.sentence if offer else "")
