"""One side of a comparison: its name, what it took, and the answer as it is written."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from localai.conversation import Completion, ToolCall, ToolResult
from localai.sanitize import clean, one_line
from localai.store.rows import StoredMessage
from tui.burst import Burst
from tui.markdown.line import Line
from tui.transcript.item import Growth, Item
from tui.transcript.paint import paint
from tui.transcript.painter import Painter
from tui.widgets.transcript import TranscriptView

FAINT = "$foreground 65%"
HIDDEN = "named after your vote"


class Answers(TranscriptView, can_focus=False):
    """What one side says; more than one message where it calls tools."""

    def paint_item(self, item: Item, painter: Painter) -> list[Line]:
        """Without the small print, which names who answers."""
        return paint(item, painter, small=False)


class SideView(Vertical):
    """The answer of side number `number` (1 or 2), called `name`; "" while nobody may know."""

    def __init__(self, number: int, name: str) -> None:
        super().__init__(classes="side", id=f"side-{number}")
        self._number, self._called = number, name
        self._done: list[StoredMessage] = []
        self._tokens = self._reasoning = 0
        self._doing = "waits"

    def compose(self) -> ComposeResult:
        """A line about it, and the answer."""
        yield Static("", classes="about", markup=False)
        yield Answers()

    def on_mount(self) -> None:
        """Say what it is."""
        self._tell()

    @property
    def answer(self) -> StoredMessage | None:
        """The whole answer once it is there."""
        last = self._done[-1] if self._done else None
        whole = last is not None and last.status == "done" and not last.message.calls
        return last if whole else None

    @property
    def view(self) -> Answers:
        """Where the answer is shown."""
        return self.query_one(Answers)

    def call(self, name: str) -> None:
        """Say who it is, now that it may be known."""
        self._called = name
        self._tell()

    def say(self, state: str) -> None:
        """Say what it is at."""
        self._doing = state
        self._tell()

    def begin(self, row: StoredMessage) -> None:
        """A message of this side begins."""
        self._tokens = self._reasoning = 0
        self.view.add(Item(row, growth=Growth()))
        self.say("writes")

    def grow(self, burst: Burst) -> None:
        """More of it."""
        if not burst.tokens:
            return
        self._doing = "writes"
        self._tokens += burst.tokens
        self._reasoning += burst.reasoning_tokens
        thinking = burst.reasoning and not burst.text
        growth = Growth("Thinking" if thinking else "", self._reasoning)
        self.view.items[-1].grow(burst.text, burst.reasoning, growth)
        self._repaint()
        self._tell()

    def settle(self, row: StoredMessage) -> None:
        """The message as it is stored."""
        self._done.append(row)
        self.view.items[-1].settle(row)
        self._tokens = 0
        self._repaint()
        self.say("")

    def tool(self, call: ToolCall, result: ToolResult | None = None) -> None:
        """A call runs, or has its result."""
        if self.view.items:
            self.view.items[-1].call(call, result)
            self._repaint()
            self.say("" if result else f"runs {call.name}")

    def rewind(self) -> None:
        """Show the answer from its beginning."""
        self.view.scroll_to(y=0, animate=False)

    def fold(self) -> None:
        """Fold or unfold reasoning and calls."""
        for at, item in enumerate(self.view.items):
            if item.reasoning or item.calls:
                item.toggle()
                self.view.changed(at)

    def _repaint(self) -> None:
        self.view.changed(len(self.view.items) - 1)

    def _tell(self) -> None:
        name = one_line(self._called) if self._called else HIDDEN
        style = "bold" if self._called else FAINT
        facts = " · ".join(filter(None, (self._facts(), clean(self._doing))))
        number = Content.styled(f" {self._number} ", "bold $primary")
        about = Content.assemble(number, " ", Content.styled(name, style))
        told = Content.styled(facts, FAINT)
        self.query_one(".about", Static).update(about.append("   ").append(told))

    def _facts(self) -> str:
        """Tokens so far, and once it has ended time and speed, if it may be known who it is:
        what has read the prompt before is faster."""
        done = [row.completion for row in self._done if row.completion]
        tokens = sum(each.generated_tokens for each in done) + self._tokens
        if not tokens:
            return ""
        if self._tokens or not self._done or not self._called:
            return f"{tokens:,} tokens"
        return f"{tokens:,} tokens{_pace(done)}"


def _pace(done: list[Completion]) -> str:
    """How long it took, reading the prompt included, and how fast it wrote."""
    writing = sum(each.timings.generate_ms for each in done) / 1000
    whole = writing + sum(each.timings.prompt_ms for each in done) / 1000
    if writing <= 0:
        return ""
    speed = sum(each.generated_tokens for each in done) / writing
    return f" · {whole:.1f} s · {speed:.0f}/s"
