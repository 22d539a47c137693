"""An answer's tokens coloured by probability; left and right look at one more closely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from localai.engine.base import TokenProbability
from localai.sanitize import clean

LEVELS = ((0.75, "$success"), (0.35, "$foreground"), (0.1, "$warning"), (0.0, "$error"))


def colour(probability: float) -> str:
    """The colour of a probability, from sure to surprising."""
    return next(style for least, style in LEVELS if probability >= least)


def visible(text: str) -> str:
    """A token's text with its line breaks shown."""
    return clean(text).replace("\n", "↵")


class TokenView(Vertical, can_focus=True):
    """Needs `show` before it has anything to say."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Token before", show=False),
        Binding("right", "move(1)", "Token after", show=False),
    ]

    index: reactive[int] = reactive(0, init=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tokens: Sequence[TokenProbability] = ()

    def compose(self) -> ComposeResult:
        """What is known of one token, and the text."""
        yield Static("", id="token-facts", markup=False)
        yield Static("Asking the model…", id="token-text", markup=False)

    def show(self, tokens: Sequence[TokenProbability]) -> None:
        """Colour these tokens."""
        self._tokens = tokens
        self.index = 0
        self._paint()

    def action_move(self, step: int) -> None:
        """Look at another token."""
        self.index = max(0, min(len(self._tokens) - 1, self.index + step))

    def watch_index(self) -> None:
        """Mark the token and name its alternatives."""
        self._paint()

    def _paint(self) -> None:
        if not self._tokens:
            self.query_one("#token-text", Static).update(Content("There are no tokens to show."))
            return
        parts = []
        for number, token in enumerate(self._tokens):
            style = colour(token.probability) + (" reverse" if number == self.index else "")
            text = clean(token.text)
            parts.append(Content.styled(text.replace("\n", "↵\n"), style))
        self.query_one("#token-text", Static).update(Content.assemble(*parts))
        self.query_one("#token-facts", Static).update(self._facts(self._tokens[self.index]))

    def _facts(self, token: TokenProbability) -> Content:
        others = "   ".join(f"“{visible(text)}” {share:.1%}" for text, share in token.top)
        line = Content.assemble(
            f"“{visible(token.text)}” ",
            Content.styled(f"{token.probability:.1%}", colour(token.probability)),
            f" · token {self.index + 1} of {len(self._tokens)} · left and right move",
        )
        if not others:
            return line
        return Content.assemble(
            line, "\n", Content.styled(f"most likely: {others}", "$foreground 70%")
        )
