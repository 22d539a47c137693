"""The chat screen's turns: asking, following the answer, stopping, answering again."""

from __future__ import annotations

import time
from dataclasses import replace

from textual import on
from textual.timer import Timer

from localai.chat.consent import Decision
from localai.chat.turn import (
    AdapterRefused,
    Amended,
    AnswerFinished,
    AnswerStarted,
    CallFinished,
    CallStarted,
    Remark,
    ResultsSaved,
    UserSaved,
)
from localai.conversation import Message, PromptProgress, ToolCall, ToolResult
from localai.store.rows import StoredMessage
from tui.bridge import Begin
from tui.messages import Asked, AskedNoMore, TurnEnded, TurnMoved
from tui.screens.base import ChatBase
from tui.screens.consent import ConsentScreen
from tui.transcript.item import Growth, Item
from tui.transcript.notes import dropped_note
from tui.turn import Turn
from tui.widgets.prompt import Prompt

WAKE_SECONDS = 1 / 24


class TurnActions(ChatBase):
    """Runs one turn at a time."""

    turn: Turn | None = None
    _timer: Timer | None = None
    _stepped = ""
    """The question that was last asked for in steps."""

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        if self.is_busy():
            return
        if not event.text.strip():
            self.say("There is nothing to send; write a message first.")
        else:
            self.prompt.recall.add(event.text)
            self.prompt.put("")
            self.ask(event.text)

    def ask(self, text: str) -> None:
        """Ask a question."""
        self._begin(Turn(text=text))
        self.bridge.send(self.conversation_id, text)

    def action_regenerate(self) -> None:
        """Answer the chosen answer's question again, or one that got no answer."""
        if (item := self._to_redo()) is not None:
            self._redo(item, lambda session: session.regenerate(item.row.id))

    def action_stepwise(self) -> None:
        """Answer again, step by step; at the second time also where that is known to be worse."""
        item = self._to_redo()
        if item is None:
            return
        asked = self.transcript.items[self.transcript.question_of(item)].row.id
        anyway, self._stepped = asked == self._stepped, asked
        self._redo(item, lambda session: session.redo_in_steps(item.row.id, anyway=anyway))

    def stop_turn(self) -> bool:
        """Stop the running answer; whether there was one."""
        if self.turn is None:
            return False
        self.bridge.cancel()
        return True

    def _to_redo(self) -> Item | None:
        """The message whose question is to be answered again; says so where there is none."""
        if self.is_busy():
            return None
        items = self.transcript.items
        item = items[-1] if items and not items[-1].is_answer else self.transcript.chosen
        if item is None:
            self.say("There is no answer to give again yet; write a message first.")
        return item

    def _redo(self, item: Item, begin: Begin) -> None:
        items = self.transcript.items
        asked = self.transcript.question_of(item)
        self.answer_again(items[asked + 1] if asked + 1 < len(items) else item, begin)

    def answer_again(self, item: Item, begin: Begin) -> None:
        """Give another answer beside one, or to a question that has none."""
        if self.is_busy():
            return
        place = self.transcript.items.index(item)
        if item.is_answer:
            self.remember_tip(item)
        self.transcript.truncate(place if item.is_answer else place + 1)
        self._begin(Turn())
        self._wait(item.row.parent if item.is_answer else item.row.id)
        self.bridge.turn(self.conversation_id, begin)

    def _begin(self, turn: Turn) -> None:
        self.turn, self.busy = turn, True
        self._timer = self.set_interval(WAKE_SECONDS, self._drain)
        self.show_state()

    def _wait(self, parent: str) -> None:
        """Put the place of the answer into the transcript before the answer exists."""
        if self.turn is None:
            return
        row = StoredMessage(
            "", self.conversation_id, parent, Message("assistant", ()), "streaming", 0
        )
        self.turn.item = Item(row, growth=Growth(self._waiting()))
        self.transcript.add(self.turn.item)

    def _waiting(self) -> str:
        if self.bridge.state in ("ready", "busy"):
            return ""
        pauses = self.memory_turn == "training"
        return "Loading the model once the tune has paused" if pauses else "Loading the model"

    @on(TurnMoved)
    def _moved(self, message: TurnMoved) -> None:
        turn, event = self.turn, message.event
        if isinstance(event, AdapterRefused):
            self.say(f"{event.name} is left out of this answer. {event.error}", wrong=True)
        elif isinstance(event, Remark):
            self.say(event.text)
        elif turn is None:  # a comparison's, which shows it
            return
        elif isinstance(event, UserSaved):
            self._question_saved(turn, event.message)
        elif isinstance(event, AnswerStarted):
            self._answer_started(turn, event)
        elif isinstance(event, PromptProgress):
            self._prompt_read(turn, event)
        elif isinstance(event, AnswerFinished):
            self._drain(final=True)
            self._settle(turn, event.message)
        elif isinstance(event, CallStarted):
            self._call(turn, event.call)
            self._do(turn, f"running {event.call.name}")
        elif isinstance(event, CallFinished):
            self._call(turn, event.call, event.result)
        elif isinstance(event, ResultsSaved) and turn.item is not None:
            turn.item.take_results(event.message)
        elif isinstance(event, Amended) and turn.item is not None:
            self._amended(turn.item)

    @on(Asked)
    def _asked(self, message: Asked) -> None:
        def decided(decision: Decision | None) -> None:
            message.answer(decision or "no")
            if self.turn is not None:
                self._do(self.turn, "")

        if self.turn is not None:
            self._do(self.turn, "asking you")
        self.app.push_screen(ConsentScreen(message.question), decided)

    @on(AskedNoMore)
    def _asked_no_more(self) -> None:
        if isinstance(self.app.screen, ConsentScreen):
            self.app.screen.dismiss("no")

    def _question_saved(self, turn: Turn, row: StoredMessage) -> None:
        turn.text = ""
        if self.conversation is None:
            with self.reporting():
                self.conversation = self.store.conversation(row.conversation)
        self.transcript.add(Item(row))
        self._wait(row.id)
        self.list_conversations()

    def _amended(self, item: Item) -> None:
        """What is being given is the better answer."""
        item.judge("corrected")
        self._repaint(item)
        self.say("Correction recorded; u takes it back.")

    def _repaint(self, item: Item) -> None:
        self.transcript.changed(self.transcript.items.index(item))

    def _do(self, turn: Turn, doing: str) -> None:
        turn.doing = doing
        self.show_state()

    def _call(self, turn: Turn, call: ToolCall, result: ToolResult | None = None) -> None:
        if turn.item is not None:
            turn.item.call(call, result)
            self._repaint(turn.item)

    def _answer_started(self, turn: Turn, event: AnswerStarted) -> None:
        if turn.item is not None and turn.item.growth is None:  # an answer to results
            self._wait(event.message.parent)
            turn.tokens = turn.reasoning_tokens = 0
            turn.started = 0.0
        self._do(turn, "")
        turn.prompt_tokens = event.prompt_tokens
        if turn.item is not None:
            origins = [item.row.origin for item in self.transcript.items if item.row.origin]
            turn.item.row = event.message
            turn.item.adapter = self.adapter_name(event.message)
            self.show_adapter(turn.item.adapter)
            turn.item.note = dropped_note(event.dropped, origins[-1].dropped if origins else 0)
            self._show(turn, Growth())
        self.show_context(event.prompt_tokens, event.context)

    def _prompt_read(self, turn: Turn, event: PromptProgress) -> None:
        percent = 100 * event.read // event.total if event.total else 100
        if turn.item is not None and not turn.tokens:
            self._show(turn, Growth(f"Reading {percent} %" if percent < 100 else ""))
        self.show_state(f"reading {percent} %" if percent < 100 else "generating")

    def _show(self, turn: Turn, growth: Growth, text: str = "", reasoning: str = "") -> None:
        if turn.item is not None:
            turn.item.grow(text, reasoning, growth)
            self._repaint(turn.item)

    def _drain(self, *, final: bool = False) -> None:
        """Paint what has arrived, if it is time to."""
        turn = self.turn
        if turn is None or not (final or turn.pace.due()):
            return
        burst = self.bridge.take()
        if not burst.tokens:
            return
        turn.started = turn.started or time.monotonic()
        turn.tokens += burst.tokens
        turn.reasoning_tokens += burst.reasoning_tokens
        thinking = burst.reasoning and not burst.text
        growth = Growth("Thinking" if thinking else "", turn.reasoning_tokens)
        self._show(turn, growth, burst.text, burst.reasoning)
        line = self.status_line
        used = turn.prompt_tokens + turn.tokens
        speed = turn.speed(time.monotonic())
        line.status = replace(line.status, state="generating", speed=round(speed), used=used)

    def _settle(self, turn: Turn, row: StoredMessage) -> None:
        if turn.item is not None:
            turn.item.settle(row)
            turn.item.waiting = bool(row.message.calls)
            self._repaint(turn.item)
        if row.completion is not None:
            used = row.completion.prompt_tokens + row.completion.generated_tokens
            line = self.status_line
            line.status = replace(
                line.status, used=used, speed=round(row.completion.tokens_per_second)
            )

    @on(TurnEnded)
    def _ended(self, message: TurnEnded) -> None:
        turn, self.turn, self.busy = self.turn, None, False
        if turn is not None and turn.item is not None and turn.item.waiting:
            turn.item.waiting = False
            self._repaint(turn.item)
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.bridge.take()
        if message.error and turn is not None:
            self._failed(turn, message.error)
        self.show_state()

    def _failed(self, turn: Turn, error: str) -> None:
        """Show what is stored, say why there is no more, and give an unsaved question back."""
        if turn.text:
            self.say(error, wrong=True)
            if not self.prompt.text:
                self.prompt.put(turn.text)
            return
        self.reload()
        items = self.transcript.items
        if items and not items[-1].is_answer:
            items[-1].fail(error)
            self.transcript.changed(len(items) - 1)
        elif not items or items[-1].row.status != "failed":
            self.say(error, wrong=True)

    def show_state(self, state: str = "") -> None:
        """Bring the status line up to date. Defined by the screen."""
        raise NotImplementedError

    def show_context(self, used: int, window: int) -> None:
        """How full the window is. Defined by the screen."""
        raise NotImplementedError
