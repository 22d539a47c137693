"""An answer laid open: what was sent, by which model, how long it took, how sure it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from localai.chat.inspection import Inspection
from localai.engine.base import TokenProbability
from localai.sanitize import clean
from localai.store.rows import StoredMessage
from tui.transcript.anatomy import facts, left_out, prompt_text
from tui.widgets.tokens import TokenView


class InspectScreen(ModalScreen[None]):
    """Facts at once; the prompt and the probabilities when the engine has answered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,i", "dismiss", "Close", show=False),
        Binding("t", "tokens", "Token boundaries", show=False),
        Binding("p", "probabilities", "Probabilities", show=False),
    ]

    def __init__(
        self,
        answer: StoredMessage,
        adapter: str,
        dropped: Sequence[StoredMessage],
        probe: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._answer, self._adapter = answer, adapter
        self._dropped, self._probe = dropped, probe
        self._inspection: Inspection | None = None
        self._boundaries = False

    def compose(self) -> ComposeResult:
        """Facts, probabilities, turns left out, prompt."""
        with VerticalScroll(id="panel") as panel:
            panel.border_title = "Answer"
            panel.border_subtitle = "t token boundaries · p probabilities · esc closes"
            yield Static(facts(self._answer, self._adapter), id="facts")
            yield Label("Probabilities", classes="heading", id="probable")
            yield TokenView(id="tokens")
            if self._dropped:
                yield Label("Left out for lack of room", classes="heading")
                yield Static(left_out(self._dropped), id="dropped")
            yield Label("Prompt as sent", classes="heading")
            yield Static("Reading it back…", id="prompt-text", markup=False)

    def on_mount(self) -> None:
        """Show the probabilities only when they are asked for."""
        self.query_one("#panel").focus()
        self.query_one("#probable").display = False
        self.query_one("#tokens").display = False

    def show_prompt(self, inspection: Inspection) -> None:
        """Fill in what was sent, unless it is for an answer that was looked at before."""
        if inspection.answer.id != self._answer.id:
            return
        self._inspection = inspection
        text = prompt_text(inspection.prompt, self._boundaries)
        if not inspection.prompt:
            text = Content("It came from another model, whose tokens cannot be read with this one.")
        self.query_one("#prompt-text", Static).update(text)

    def fail(self, sentence: str) -> None:
        """Say why the engine could not answer."""
        self.query_one("#prompt-text", Static).update(Content(clean(sentence)))

    def show_probabilities(self, answer_id: str, tokens: Sequence[TokenProbability]) -> None:
        """Colour the answer by how sure the model was."""
        view = self.query_one(TokenView)
        if answer_id == self._answer.id:
            view.show(tokens)

    def action_tokens(self) -> None:
        """Show or hide where tokens begin."""
        self._boundaries = not self._boundaries
        if self._inspection is not None:
            self.show_prompt(self._inspection)

    def action_probabilities(self) -> None:
        """Ask the engine how probable each token was."""
        self.query_one("#probable").display = True
        view = self.query_one(TokenView)
        view.display = True
        view.focus()
        self._probe(self._answer.id)
