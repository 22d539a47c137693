"""One message of a transcript: what it says, whether it still grows, how it is painted.

Keeps its lines until the width, the theme or its text changes. Text from the store is
raw; it is cleaned here, before it can reach the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from localai.conversation import ToolCall, ToolResult
from localai.sanitize import Sanitizer, clean
from localai.store.rows import StoredMessage
from tui.markdown.document import Document
from tui.markdown.line import Line
from tui.transcript.painter import Painter


@dataclass(frozen=True)
class Growth:
    """How far a running answer is: a sentence of state, tokens so far."""

    state: str = ""
    reasoning_tokens: int = 0


class Item:
    """A user message or an answer, painted on demand.

    `note` stands above it; `problem` below it, when it got no answer. `adapter` is the
    name of the one that answered; `verdict` is what the user said of the answer, "corrected"
    when it is the better one, "" for nothing. Of the tools that an answer calls, `results` has
    the results by the call's id, `running` those that run, and `tip` is the id of the message
    with the results; `waiting`: those are still to come.
    """

    __slots__ = (
        "_cleaners",
        "_document",
        "_lines",
        "_painter",
        "_reasoning",
        "adapter",
        "growth",
        "note",
        "problem",
        "results",
        "row",
        "running",
        "tip",
        "unfolded",
        "verdict",
        "waiting",
    )

    def __init__(
        self,
        row: StoredMessage,
        *,
        note: str = "",
        growth: Growth | None = None,
        adapter: str = "",
        verdict: str = "",
    ) -> None:
        self.row = row
        self.note = note
        self.adapter = adapter
        self.verdict = verdict
        self.growth = growth
        self.problem = ""
        self.results: dict[str, ToolResult] = {}
        self.running: set[str] = set()
        self.tip = ""
        self.waiting = False
        self.unfolded = False
        self._document: Document | None = None
        self._reasoning: str | None = None
        self._cleaners: tuple[Sanitizer, Sanitizer] | None = None
        self._lines: list[Line] | None = None
        self._painter: Painter | None = None

    @property
    def is_answer(self) -> bool:
        """Whether the model said it."""
        return self.row.message.role == "assistant"

    @property
    def corrected(self) -> bool:
        """Whether it is the better answer by a correction of the user's."""
        return self.verdict == "corrected"

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """What tools the message calls; another answer follows then."""
        return self.row.message.calls

    @property
    def last_id(self) -> str:
        """The message from which the conversation goes on after this one."""
        return self.tip or self.row.id

    @property
    def document(self) -> Document:
        """The answer as Markdown blocks."""
        if self._document is None:
            self._document = Document(clean(self.row.message.text))
        return self._document

    @property
    def reasoning(self) -> str:
        """What the model wrote to itself."""
        if self._reasoning is None:
            self._reasoning = clean(self.row.message.reasoning)
        return self._reasoning

    def grow(self, text: str, reasoning: str, growth: Growth) -> None:
        """Add streamed text and show how far it is."""
        if self._cleaners is None:
            self._cleaners = (Sanitizer(), Sanitizer())
        if text:
            self.document.append(self._cleaners[0].feed(text))
        if reasoning:
            self._reasoning = self.reasoning + self._cleaners[1].feed(reasoning)
        self.growth = growth
        self._lines = None

    def settle(self, row: StoredMessage) -> None:
        """Take the finished row; its text replaces what was streamed."""
        unchanged = self.document.source == clean(row.message.text)
        self.row, self.growth, self._cleaners = row, None, None
        if not unchanged:
            self._document = None
        self._reasoning = self._lines = None

    def call(self, call: ToolCall, result: ToolResult | None = None) -> None:
        """A call has begun to run, or has its result."""
        if result is None:
            self.running.add(call.id)
        else:
            self.running.discard(call.id)
            self.results[call.id] = result
        self._lines = None

    def take_results(self, row: StoredMessage) -> None:
        """The message with the results of its calls."""
        self.tip = row.id
        self.results = {result.call_id: result for result in row.message.results}
        self.running.clear()
        self.waiting = False
        self._lines = None

    def fail(self, sentence: str) -> None:
        """Say below a question why it got no answer."""
        self.problem = sentence
        self._lines = None

    def judge(self, verdict: str) -> None:
        """Show what the user said of it."""
        self.verdict = verdict
        self._lines = None

    def toggle(self) -> None:
        """Fold or unfold the reasoning and the calls."""
        self.unfolded = not self.unfolded
        self._lines = None

    def forget(self) -> None:
        """Drop what can be painted again, to keep long conversations small."""
        if self.growth is None:
            self._document = self._reasoning = self._lines = None

    def estimate(self, width: int) -> int:
        """Lines it will probably take, without parsing it."""
        text = self.row.message.text
        return 3 + text.count("\n") + len(text) // max(8, width) + len(self.calls)

    def lines(self, painter: Painter, paint: Callable[[Item, Painter], list[Line]]) -> list[Line]:
        """Its lines, painted with `paint` when something has changed."""
        if self._lines is None or self._painter != painter:
            self._lines, self._painter = paint(self, painter), painter
            if self.growth is None:
                self._document = None  # the lines are enough, and much smaller
        return self._lines
