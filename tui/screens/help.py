"""The keys, made from the same table that binds them."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keymap import ACTIONS, PROMPT_HELP, TITLES, key_names

KEY_COLUMN = 16


def help_text() -> Content:
    """All keys by the part of the screen where they work."""
    lines = [Content.styled("While writing", "bold $primary"), *(_row(*r) for r in PROMPT_HELP)]
    for area, title in TITLES.items():
        lines += [Content(""), Content.styled(title, "bold $primary")]
        lines += [_row(a.keys, a.help) for a in ACTIONS if a.area == area and a.keys]
    return Content("\n").join(lines)


def _row(keys: str, text: str) -> Content:
    names = key_names(keys)
    return Content.assemble(Content.styled(f"  {names:<{KEY_COLUMN}}", "$accent"), " ", text)


class HelpScreen(ModalScreen[None]):
    """Scrolls; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,question_mark", "dismiss", "Close", show=False)
    ]

    def compose(self) -> ComposeResult:
        """One scrollable text."""
        with VerticalScroll(id="panel") as panel:
            panel.border_title = "Keys"
            panel.border_subtitle = "esc closes"
            yield Static(help_text())

    def on_mount(self) -> None:
        """Let the keys scroll it."""
        self.query_one("#panel").focus()
