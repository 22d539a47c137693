"""The main screen: conversations at the left, the transcript, the prompt, a status line.

Its actions live in turns, conversations, answers, corrections and tuning; here is what
ties them together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static, TextArea

from localai.config import Settings
from localai.engine.base import EngineState
from localai.sanitize import clean
from localai.store.store import Store
from tui.backend import OpenStore
from tui.bridge import Bridge
from tui.keymap import HINTS, Area
from tui.messages import Broken, ModelReady, Trouble
from tui.screens.answers import AnswerActions
from tui.screens.ask import AskScreen
from tui.screens.comparing import CompareActions
from tui.screens.conversations import ConversationActions
from tui.screens.doubting import DoubtActions
from tui.screens.editor import EditorScreen
from tui.screens.help import HelpScreen
from tui.screens.inspect import InspectScreen
from tui.screens.judging import JudgingActions
from tui.screens.keeping import KeepingActions
from tui.screens.morning import MorningActions
from tui.screens.offers import OfferActions
from tui.screens.questions import QuestionActions
from tui.screens.reviewing import ReviewActions
from tui.screens.sure import SureScreen
from tui.screens.tuning import NO_TEMPLATE, TuningActions
from tui.widgets.prompt import Prompt
from tui.widgets.sidebar import Sidebar
from tui.widgets.status import StatusLine
from tui.widgets.transcript_input import Transcript

WIDE = 100
"""Columns from which the list of conversations is shown at the start."""

POLL_SECONDS = 0.5
MARK = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
WORDS: dict[EngineState, str] = {
    "stopped": "not loaded",
    "loading": "loading",
    "ready": "ready",
    "busy": "generating",
    "crashed": "crashed",
}
WELCOME = (
    Text("Ask anything. It stays on this machine.", "bold"),
    Text("Enter sends, Ctrl+J breaks the line, Esc stops an answer."),
    Text("Ctrl+E corrects the last answer; the model can learn from that (Ctrl+G)."),
    Text("Ctrl+P finds every command, Ctrl+B your conversations, F1 all keys."),
)


class ChatScreen(
    QuestionActions,
    ConversationActions,
    AnswerActions,
    JudgingActions,
    DoubtActions,
    CompareActions,
    KeepingActions,
    TuningActions,
    OfferActions,
    MorningActions,
    ReviewActions,
):
    """Chat."""

    AUTO_FOCUS = "#prompt"

    def __init__(
        self,
        store: Store,
        bridge: Bridge,
        settings: Settings,
        open_store: OpenStore,
        conversation_id: str = "",
        today: Callable[[], date] = date.today,
    ) -> None:
        super().__init__(store, bridge, settings, open_store, today)
        self._first = conversation_id
        self._used_at = time.monotonic()
        self._unavailable = self._writing = False
        self._last_state: EngineState = "stopped"

    def compose(self) -> ComposeResult:
        """The layout."""
        with Horizontal():
            yield Sidebar(id="sidebar")
            with Vertical(id="main"):
                yield Transcript(id="transcript")
                yield Static("", id="morning")
                yield Static("", id="offer", markup=False)
                yield Static(NO_TEMPLATE, id="notice", markup=False)
                with Horizontal(id="writing"):
                    yield Static(MARK, id="mark")
                    yield Prompt(id="prompt")
                yield StatusLine(id="status")

    def on_mount(self) -> None:
        """Open the conversation, start to listen."""
        self.sidebar.display = self.app.size.width >= WIDE
        self.transcript.welcome = WELCOME
        for line in ("#morning", "#offer", "#notice"):
            self.query_one(line).display = False
        self.open_conversation(self._first)
        self.bridge.describe()
        self.set_interval(POLL_SECONDS, self._poll)
        self.prompt.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Leave out what has no room."""
        self.set_class(event.size.height < 10, "-short")
        self.set_class(event.size.width < 60, "-narrow")

    @on(events.DescendantFocus)
    def _focus_moved(self, event: events.DescendantFocus) -> None:
        """Say in the empty prompt what the keys do now."""
        areas: dict[type, Area] = {Transcript: "transcript", Sidebar: "conversations"}
        self.prompt.placeholder = HINTS[areas.get(type(event.widget), "anywhere")]

    def action_leave(self) -> None:
        """Stop the answer; when there is none, change between prompt and transcript."""
        if self.stop_turn() or self.give_up_editing():
            return
        if self.prompt.has_focus and self.transcript.items:
            self.transcript.focus()
        else:
            self.prompt.focus()

    def action_write(self) -> None:
        """Go to the prompt."""
        self.prompt.focus()

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen())

    def action_switch_theme(self) -> None:
        """The other one of our own two themes."""
        light = self.app.theme == "localai-light"
        self.app.theme = "localai-dark" if light else "localai-light"

    def action_thinking(self) -> None:
        """Go through auto, on, off."""
        if self._cannot_think():
            return
        if not self._can_switch():
            self.say("This model decides by itself whether it reasons; it cannot be switched.")
            return
        order = {"auto": "on", "on": "off", "off": "auto"}
        wish = order[self.settings.chat.thinking]
        self.settings.chat.thinking = wish  # type: ignore[assignment]
        self.keep("chat.thinking", wish)
        self.show_state()

    def action_thinking_budget(self) -> None:
        """Ask for the most tokens of reasoning."""
        if self._cannot_think():
            return

        def budget(answer: str | None) -> None:
            if answer is not None and answer.isdigit():
                self.settings.chat.thinking_budget = int(answer)
                self.keep("chat.thinking_budget", int(answer))
                self.show_state()

        present = str(self.settings.chat.thinking_budget)
        self.app.push_screen(
            AskScreen("Most tokens of reasoning (0: no limit)", present, number=True), budget
        )

    def action_unload(self) -> None:
        """Free the model's memory."""
        if not self.is_busy():
            self.bridge.unload()

    def _cannot_think(self) -> bool:
        if self.info is None:
            self.say("The model is not loaded yet; write something and try again.")
        elif self.info.thinking is None:
            self.say("This model does not reason before it answers.")
        return self.info is None or self.info.thinking is None

    def _can_switch(self) -> bool:
        thinking = self.info.thinking if self.info is not None else None
        return thinking is not None and thinking.switchable

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        """Load the model when the user begins to write."""
        self._used_at = time.monotonic()
        begins = bool(event.text_area.text) and not self._writing
        self._writing = bool(event.text_area.text)
        if begins and self.bridge.state in ("stopped", "crashed"):
            self.bridge.warm()

    @on(Prompt.TooLong)
    def _too_long(self, event: Prompt.TooLong) -> None:
        self.say(event.sentence, wrong=True)

    @on(ModelReady)
    def _model_ready(self, message: ModelReady) -> None:
        self._unavailable = False
        line = self.status_line
        line.status = replace(line.status, model=clean(message.name))
        if message.info is not None:
            self.info = message.info
            line.status = replace(line.status, window=message.info.n_ctx)
            self.show_untaught()
        self.show_state()

    @on(Trouble)
    def _trouble(self, message: Trouble) -> None:
        if message.model:
            self._unavailable = True
        self.show_state()
        screen = self.app.screen
        if isinstance(screen, InspectScreen | SureScreen) or (
            isinstance(screen, EditorScreen) and screen.saving
        ):
            screen.fail(message.sentence)
        else:
            self.say(message.sentence, wrong=True)

    @on(Broken)
    def _broken(self, message: Broken) -> None:
        """A mistake of ours: end with a traceback rather than wait for ever."""
        raise message.error

    def _poll(self) -> None:
        """Show what the engine does by itself; free it when nobody has used it for long."""
        if self.busy:
            self._used_at = time.monotonic()
            if self.bridge.state != "busy":
                self.show_state()
            return
        self.show_state()
        if (state := self.bridge.state) != self._last_state:  # somebody wanted it
            if self._last_state == "ready":
                self._writing = False  # a draft that is gone on with wants it anew
            self._last_state, self._used_at = state, time.monotonic()
        if state != "ready":
            return
        idle = time.monotonic() - self._used_at
        limit = 60 * self.settings.engine.idle_minutes
        if self.makes_way(idle):
            self.bridge.rest()
        elif limit and idle >= limit:
            self.bridge.unload()

    def show_state(self, state: str = "") -> None:
        """Bring the status line up to date."""
        doing = self.turn.doing if self.turn is not None else ""
        word = state or doing or WORDS[self.bridge.state]
        if self.bridge.state == "loading" and self.memory_turn == "training":
            word = "pausing the tune"
        if self._unavailable and self.bridge.state == "stopped":
            word = "not available"
        can_think = self.info is not None and self.info.thinking is not None
        chat = self.settings.chat
        wish = str(chat.thinking) if self._can_switch() else "auto"
        thinking = wish if can_think else ""
        if thinking and chat.thinking_budget:
            thinking += f" ≤ {chat.thinking_budget:,}"
        self.status_line.status = replace(self.status_line.status, state=word, thinking=thinking)

    def show_context(self, used: int, window: int) -> None:
        """How full the window is."""
        self.status_line.status = replace(self.status_line.status, used=used, window=window)

    def show_last_use(self) -> None:
        """How full the window was after the last answer."""
        row = next((i.row for i in reversed(self.transcript.items) if i.row.completion), None)
        used = 0
        if row is not None and row.completion is not None:
            used = row.completion.prompt_tokens + row.completion.generated_tokens
        line = self.status_line
        line.status = replace(line.status, used=used, speed=0.0)
