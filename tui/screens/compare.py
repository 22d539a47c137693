"""Two answers to one question side by side, as they are written; then, which is better?

It shows what it is told, and tells what was decided; who answers, and what becomes of a vote, is
the chat screen's. On narrow terminals the sides stand one below the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from localai.chat.comparing import Sides
from localai.chat.turn import (
    AnswerFinished,
    AnswerStarted,
    CallFinished,
    CallStarted,
    Milestone,
)
from localai.conversation import PromptProgress
from localai.sanitize import clean
from localai.store.preferred import Vote
from tui.burst import Burst
from tui.keymap import bindings
from tui.widgets.side import SideView

SIDE_BY_SIDE = 90
"""Columns from which there is room for two answers beside each other."""
NAMES = {"direct": "Direct", "steps": "Step by step", "base": "The bare model"}
LOOK_SECONDS = 1 / 12
QUESTION_ROWS = 2


class CompareScreen(ModalScreen[None]):
    """`blind` shows no names before the vote. `begin` is called once it is there, `take` gives
    what was written since the last look, `stop` stops the answer, `vote` takes the decision and
    gives the sentence about it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("compare")

    def __init__(
        self,
        question: str,
        sides: Sides,
        *,
        blind: bool,
        begin: Callable[[], None],
        take: Callable[[], Burst],
        stop: Callable[[], None],
        vote: Callable[[Vote], str],
    ) -> None:
        super().__init__()
        self._question, self._sides, self._blind = question, sides, blind
        self._begin, self._take, self._stop, self._vote = begin, take, stop, vote
        self._at = 0
        self._writing = True
        self._voted = False

    def compose(self) -> ComposeResult:
        """The question, both sides, what came of it."""
        with Vertical(id="compare"):
            yield Static(self._title(), id="title", markup=False)
            yield Static(clean(self._question).strip(), id="asked", markup=False)
            with Container(id="sides"):
                for number, side in enumerate(self._sides, start=1):
                    yield SideView(number, "" if self._blind else name_of(side.name))
            yield Static("", id="outcome")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin, and look for what is written while something is."""
        self.call_after_refresh(self._begin)
        self.set_interval(LOOK_SECONDS, self._drain)

    def on_resize(self, event: events.Resize) -> None:
        """One below the other where there is no room."""
        self.query_one("#sides").set_class(event.size.width < SIDE_BY_SIDE, "-stacked")

    @property
    def side(self) -> SideView:
        """The side that answers now, or did last."""
        return self._view(self._at)

    def turn_to(self, at: int, state: str) -> None:
        """Side number `at` (0 or 1) answers from now on."""
        self._at = at
        self.side.say(state)

    def follow(self, event: Milestone) -> None:
        """What happens at the side that answers."""
        side = self.side
        if isinstance(event, AnswerStarted):
            side.begin(event.message)
        elif isinstance(event, PromptProgress) and event.read < event.total:
            side.say(f"reads {100 * event.read // event.total} %")
        elif isinstance(event, AnswerFinished):
            self._drain()
            side.settle(event.message)
        elif isinstance(event, CallStarted):
            side.tool(event.call)
        elif isinstance(event, CallFinished):
            side.tool(event.call, event.result)

    def end(self, problem: str = "") -> None:
        """Nothing is written any more; both can be judged, unless something went wrong."""
        self._writing = False
        for at in (0, 1):
            self._view(at).rewind()
            if self._view(at).answer is None:
                self._view(at).say("no answer")
        if problem:
            self._tell(Content.styled(clean(problem), "$error"))
        elif self.complete:
            keys = "1 or 2, e for alike, b for both bad; esc leaves it open."
            self._tell(Content.assemble(("Which is better? ", "bold $accent"), keys))
        else:
            self._tell(Content("Stopped: there is nothing to compare. Esc closes."))

    @property
    def complete(self) -> bool:
        """Whether both sides have answered."""
        return all(self._view(at).answer is not None for at in (0, 1))

    @property
    def answers(self) -> tuple[str, str]:
        """The ids of both answers, "" for one that is not there."""
        one, other = (self._view(at).answer for at in (0, 1))
        return one.id if one else "", other.id if other else ""

    def action_vote(self, vote: Vote) -> None:
        """Record which is better, and say who is who."""
        if self._writing or self._voted or not self.complete:
            return
        sentence = self._vote(vote)
        if not sentence:
            return
        self._voted = True
        for at, side in enumerate(self._sides):
            self._view(at).call(name_of(side.name))
            better = vote == ("left", "right")[at]
            self._view(at).set_class(better, "-better")
        self._tell(Content.assemble((f"{clean(sentence)} ", "$success"), "Enter closes."))

    def action_fold(self) -> None:
        """Fold or unfold reasoning and calls on both sides."""
        for at in (0, 1):
            self._view(at).fold()

    def action_scroll(self, lines: int) -> None:
        """Scroll both answers."""
        for at in (0, 1):
            view = self._view(at).view
            view.scroll_to(y=view.scroll_y + lines, animate=False)

    def action_leave(self) -> None:
        """Stop what is written; close when nothing is."""
        if self._writing:
            self._stop()
        else:
            self.dismiss()

    def action_done(self) -> None:
        """Close once it is decided."""
        if self._voted:
            self.dismiss()

    def _title(self) -> str:
        kind = "in two ways" if self._sides[0].kind == "styles" else "by two models"
        return f"Answered {kind}{', blind' if self._blind else ''}"

    def _tell(self, text: Content) -> None:
        self.query_one("#outcome", Static).update(text)

    def _drain(self) -> None:
        """Show what was written; what comes before its message has begun waits there."""
        if self._writing and self.side.view.items:
            self.side.grow(self._take())

    def _view(self, at: int) -> SideView:
        return self.query_one(f"#side-{at + 1}", SideView)


def name_of(side: str) -> str:
    """What a side is called on the screen."""
    return NAMES.get(side, side)
