"""What was wrong with an answer, or right: a small menu, one key each."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.keymap import ACTIONS, Action, bindings


class ReasonsScreen(ModalScreen[str]):
    """Returns what was chosen, "" for nothing. `used_tools`: the answer came by way of tools."""

    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = bindings("reasons")

    def __init__(self, *, used_tools: bool) -> None:
        super().__init__()
        self._used_tools = used_tools

    def compose(self) -> ComposeResult:
        """The choices, each with its key."""
        with Vertical(id="dialog", classes="reasons") as dialog:
            dialog.border_title = "What about this answer?"
            yield OptionList(*map(_option, self._offered()), compact=True)

    def action_choose(self, name: str) -> None:
        """Take a choice that can be made."""
        if name in {_name(action) for action in self._offered()} or not name:
            self.dismiss(name)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.action_choose(event.option_id or "")

    def _offered(self) -> list[Action]:
        """The choices that make sense: a tool can only be too many where there was one."""
        return [
            action
            for action in ACTIONS
            if action.area == "reasons"
            and _name(action)
            and (self._used_tools or _name(action) != "no-tool")
        ]


def _name(action: Action) -> str:
    """What an action chooses: "good" of "choose('good')"."""
    return action.action.partition("'")[2].rstrip("')")


def _option(action: Action) -> Option:
    key = Content.styled(f" {action.keys} ", "bold $primary")
    return Option(Content.assemble(key, "  ", action.help), id=_name(action))
