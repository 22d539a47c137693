"""The chat screen's part in learning: the screen for it, the way back, what the status shows."""

from __future__ import annotations

import time
from dataclasses import replace

from textual import on

from localai.morning.verdict import verdict
from localai.sanitize import one_line
from localai.store.tuning import Run
from tui.learning.words import status_forms
from tui.messages import Glanced, Inspected, Probed, Surveyed, Told
from tui.review.messages import LaidOut
from tui.screens.base import ChatBase
from tui.screens.learning import LearningScreen

NO_TEMPLATE = (
    "This model brings no chat template: it continues text and may not answer like an assistant. "
    "The guide says how it learns to."
)
QUIET_SECONDS = 3.0
"""Without use, after which the model leaves the memory to a tune that has not begun to train."""
AWAY_SECONDS = 120.0
"""The same, where training was paused for it or something is being written."""


class TuningActions(ChatBase):
    """Follows what the bridge tells about adapters and runs."""

    _known = False
    _used_at: float
    """When the model was last of use, or is about to be."""

    def action_learning(self) -> None:
        """Show corrections, runs and adapters."""
        self.app.push_screen(LearningScreen(self.bridge))

    def action_roll_back(self) -> None:
        """Let answer what did before what answers now."""
        self.bridge.roll_back()

    @on(Glanced)
    def _glanced(self, message: Glanced) -> None:
        before, self.glance = self.glance, message.glance
        glance, first, self._known = message.glance, not self._known, True
        if first or before.adapter != glance.adapter:
            self.show_adapter(glance.adapter.name if glance.adapter else "")
            self.show_untaught()
        line = self.status_line
        line.status = replace(line.status, tune=status_forms(glance.run))
        ran = before.run
        if ran is not None and ran.state == "running" and glance.run is not None:
            ended = glance.run if glance.run.id == ran.id else None
            if ended is not None and ended.state != "running":
                self.say(ending(ended), wrong=ended.state in ("failed", "interrupted"))

    def show_untaught(self) -> None:
        """Say it where neither the model's file knows how to talk, nor what answers with it."""
        bare = self._known and self.glance.adapter is None
        untaught = self.info is not None and self.info.template_source == "fallback"
        self.query_one("#notice").display = bare and untaught

    @on(LaidOut)
    @on(Inspected)
    @on(Probed)
    def _was_of_use(self) -> None:
        """The model was asked for what only it can tell."""
        self._used_at = time.monotonic()

    def makes_way(self, idle: float) -> bool:
        """Whether the model, which was not used for so many seconds, is to leave the memory to
        a tune that waits for it."""
        turn = self.memory_turn
        if turn not in ("waiting", "paused"):
            return False
        begins = turn == "waiting" and not self.prompt.text
        return idle >= (QUIET_SECONDS if begins else AWAY_SECONDS)

    @on(Surveyed)
    def _surveyed(self, message: Surveyed) -> None:
        for screen in self.app.screen_stack:
            if isinstance(screen, LearningScreen):  # also below the review
                screen.show(message.overview)

    @on(Told)
    def _told(self, message: Told) -> None:
        self.say(message.sentence)


def ending(run: Run) -> str:
    """How a tune ended, in a sentence."""
    found = verdict(run.verdict)
    reason = one_line(found.reason) if found is not None else ""
    if run.state == "promoted":
        return "The tune is done: what it learned answers from the next turn on."
    if run.state == "rejected":
        return f"The tune changes nothing: {reason or 'its result did not pass the tests'}"
    if run.state == "failed":
        return f"The tune failed: {one_line(run.error) or 'look into logs/tune.log'}"
    if run.state == "stopped":
        return "The tune was stopped; what answers stays as it was."
    return "The tune was interrupted; start it again when there is time."
