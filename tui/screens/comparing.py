"""The chat screen's comparisons: both sides answer one after the other, a vote is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on

from localai.chat import comparing
from localai.chat.comparing import Sides
from localai.errors import LocalaiError
from localai.evals import votes
from localai.store.preferred import Vote
from tui.messages import SidesFound, TurnEnded, TurnMoved
from tui.screens.base import ChatBase
from tui.screens.compare import CompareScreen
from tui.transcript.item import Item


@dataclass
class Comparison:
    """One that is open: of which message it asks, where the conversation stood, and which side
    answers (0 or 1)."""

    screen: CompareScreen
    sides: Sides
    asked: str
    leaf: str
    blind: bool
    at: int = 0
    stopped: bool = False
    chosen: str = ""


class CompareActions(ChatBase):
    """Has a question answered twice, and asks which is better."""

    comparison: Comparison | None = None
    _meant_to_compare = ""
    """The message for which the sides are looked up, which may take a moment."""

    def action_compare(self) -> None:
        """Answer the chosen question directly and step by step."""
        if (item := self._to_compare()) is not None:
            self._compare_sides(item, comparing.by_style(comparing.STYLES), blind=False)

    def action_compare_blind(self) -> None:
        """Have the bare model and the adapter in force answer, without saying who is who."""
        self._find_sides(blind=True)

    def action_compare_base(self) -> None:
        """Have the bare model and the adapter in force answer."""
        self._find_sides(blind=False)

    def _find_sides(self, *, blind: bool) -> None:
        if (item := self._to_compare()) is not None:
            self._meant_to_compare = item.row.id
            self.bridge.find_sides(blind=blind)

    @on(SidesFound)
    def _sides_found(self, message: SidesFound) -> None:
        if self.app.screen is not self or self.is_busy():
            return
        if message.conversation:
            self.open_conversation(message.conversation)
            item = self._to_compare()
        else:
            place = self.transcript.index_of(self._meant_to_compare)
            item = None if place is None else self.transcript.items[place]
        if item is None:
            self.say("The answer is not shown any more; go to it and compare again.")
            return
        sides = comparing.shuffled(message.sides) if message.blind else message.sides
        self._compare_sides(item, sides, blind=message.blind)

    def _to_compare(self) -> Item | None:
        """The answer that is given anew, or the question that has none."""
        if self.is_busy():
            return None
        items = self.transcript.items
        if items and not items[-1].is_answer:
            return items[-1]
        return self.chosen()

    def _compare_sides(self, item: Item, sides: Sides, *, blind: bool) -> None:
        at = self.transcript.question_of(item) if item.is_answer else -1
        asked = self.transcript.items[at] if at >= 0 else item
        if item.is_answer:
            self.remember_tip(item)
        screen = CompareScreen(
            asked.row.message.text,
            sides,
            blind=blind,
            begin=self._answer_side,
            take=self.bridge.take,
            stop=self._stop_comparing,
            vote=self._vote,
        )
        leaf = self.transcript.items[-1].last_id
        self.comparison = Comparison(screen, sides, asked.row.id, leaf, blind)
        self.app.push_screen(screen, lambda _: self._close_comparison())

    def _answer_side(self) -> None:
        """Let the side whose turn it is answer."""
        now = self.comparison
        if now is None:
            return
        if now.stopped:
            self._end_sides(now)
            return
        self.busy = True
        loaded = self.bridge.state in ("ready", "busy")
        now.screen.turn_to(now.at, "begins" if loaded else "loads the model")
        side, asked = now.sides[now.at], now.asked
        self.bridge.turn(self.conversation_id, lambda s: s.answer_by(asked, side))

    def _stop_comparing(self) -> None:
        if self.comparison is not None:
            self.comparison.stopped = True
        self.bridge.cancel()

    @on(TurnMoved)
    def _side_moved(self, message: TurnMoved) -> None:
        if self.comparison is not None:
            self.comparison.screen.follow(message.event)

    @on(TurnEnded)
    def _side_ended(self, message: TurnEnded) -> None:
        now = self.comparison
        if now is None:
            return
        if message.error or now.stopped or now.at == 1:
            self._end_sides(now, message.error)
        else:
            now.at = 1
            self.call_later(self._answer_side)

    def _end_sides(self, now: Comparison, problem: str = "") -> None:
        now.screen.end(problem)
        if now.sides[0].kind == "adapters":
            self.bridge.end_comparing()

    def _vote(self, vote: Vote) -> str:
        """Record a vote; the sentence that says so, "" when it cannot be kept."""
        now = self.comparison
        if now is None:
            return ""
        left, right = now.screen.answers
        one, other = now.sides
        try:
            made = self.store.add_preference(
                left, right, one.kind, (one.by, other.by), vote, blind=now.blind
            )
            told = votes.sentence(votes.tally(self.store.preferences(), made))
        except LocalaiError as error:
            self.say(str(error), wrong=True)
            return ""
        now.chosen = {"left": left, "right": right}.get(vote, "")
        return f"Recorded. So far: {told}."

    def _close_comparison(self) -> None:
        """Go on from the better answer; from where the conversation stood if there is none."""
        now, self.comparison = self.comparison, None
        if now is None:
            return
        with self.reporting():
            self.store.set_leaf(self.conversation_id, now.chosen or now.leaf)
            self.reload()
            self.point_at(now.chosen or now.leaf)
        self.transcript.focus()

    def open_conversation(self, conversation_id: str, message_id: str = "") -> None:
        """Show a conversation. Defined by the conversations."""
        raise NotImplementedError
