"""One example in full: its texts and the ways it is asked in at once, the tokens that would be
trained when they come."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static

from localai.lessons.preview import Preview
from localai.sanitize import clean
from localai.store.tuning import StoredExample
from tui.review import paint, tokens
from tui.review.values import Sheet


class ExampleView(VerticalScroll, can_focus=True):
    """Empty until it has something to show."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._preview: Preview | None = None
        self._way = 0

    def compose(self) -> ComposeResult:
        """What it is, what is said, and the tokens below a heading."""
        yield Static("", id="about")
        yield Static("", id="said")
        yield Label("What would be trained", classes="heading", id="token-title")
        yield Static("", id="token-count")
        yield Static("", id="token-text")
        yield Label("Ways to ask", classes="heading", id="ways-title")
        yield Static("", id="ways")

    def show(self, sheet: Sheet, most: int) -> None:
        """Show the texts of an example, from their beginning; `most` of the model's ways to ask
        are learned."""
        self._fill(paint.about(sheet.example), paint.texts(sheet), paint.ways(sheet, most))
        self.scroll_home(animate=False)

    def mark(self, example: StoredExample) -> None:
        """Show the state that the same example is in now."""
        self.query_one("#about", Static).update(paint.about(example))

    def explain(self, text: Content | str) -> None:
        """Show why there is no example."""
        self._fill(Content(""), Content(text) if isinstance(text, str) else text, Content(""))
        self.query_one("#token-title").display = False

    def hint(self, sentence: str) -> None:
        """Say why there are no tokens."""
        self._preview = None
        self.query_one("#token-title").display = bool(sentence)
        self.query_one("#token-count", Static).update(Content.styled(clean(sentence), paint.FAINT))
        self.query_one("#token-text", Static).update("")

    def lay_out(self, preview: Preview) -> None:
        """Show the tokens as the example is asked first."""
        if preview.left_out:
            self.hint(f"Nothing would be learned of it: {preview.left_out}")
            return
        self._preview, self._way = preview, 0
        self._paint()

    def next_way(self) -> None:
        """Show another way to ask, after the last one the first."""
        if self._preview is not None:
            self._way = (self._way + 1) % len(self._preview.examples)
            self._paint()

    def _fill(self, about: Content, said: Content, ways: Content) -> None:
        self.query_one("#about", Static).update(about)
        self.query_one("#said", Static).update(said)
        self.query_one("#ways-title").display = bool(ways.plain)
        self.query_one("#ways", Static).update(ways)
        self.hint("")

    def _paint(self) -> None:
        if self._preview is None:
            return
        seen = self._preview.examples[self._way]
        self.query_one("#token-title").display = True
        self.query_one("#token-count", Static).update(tokens.summary(self._preview, self._way))
        text = tokens.painted(seen, underlined=self.app.no_color)
        self.query_one("#token-text", Static).update(text)
