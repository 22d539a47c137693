"""The tool that should have been used, and its arguments, proposed and changed before it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from localai.chat import proposal
from localai.errors import ArgumentsError
from localai.sanitize import clean, one_line
from localai.tools.tool import Tool
from tui.keymap import bindings

Run = Callable[[str, dict[str, Any]], None]
FIRST = ("calculator", "search_notes", "search_chats")
"""Tools that are meant most often, the likeliest first."""


class ToolChoiceScreen(ModalScreen[None]):
    """Offers tools for the question; `run` gets the name and the arguments of the one chosen."""

    AUTO_FOCUS = "#tools"
    BINDINGS: ClassVar[list[BindingType]] = bindings("tool")

    def __init__(self, question: str, tools: Mapping[str, Tool], run: Run) -> None:
        super().__init__()
        self._question, self._run = question, run
        names = dict.fromkeys((*filter(tools.__contains__, FIRST), *tools))
        self._tools = {name: tools[name] for name in names}

    def compose(self) -> ComposeResult:
        """Question, tools, arguments, what is wrong with them."""
        with Vertical(id="tool-choice") as panel:
            panel.border_title = "Which tool should have been used?"
            yield Static(clean(self._question).strip(), id="question", markup=False)
            yield OptionList(*map(_option, self._tools.values()), id="tools", compact=True)
            yield Static("Arguments", classes="hint")
            yield TextArea("", id="arguments", compact=True, language=None)
            yield Static("", id="complaint", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with the first tool."""
        self.query_one("#complaint").display = False
        self.query_one(OptionList).highlighted = 0

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Propose what the question suggests."""
        proposed = proposal.arguments(self._tools[str(event.option_id)], self._question)
        text = msgspec.json.format(msgspec.json.encode(proposed), indent=2).decode()
        self.query_one(TextArea).text = clean(text)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_run()

    @on(TextArea.Changed)
    def _edited(self) -> None:
        self.query_one("#complaint").display = False

    def action_run(self) -> None:
        """Hand the call on, if it can be one."""
        chosen = self.query_one(OptionList).highlighted_option
        if chosen is None:
            return
        name = str(chosen.id)
        try:
            arguments = msgspec.json.decode(self.query_one(TextArea).text, type=dict[str, Any])
            self._tools[name].check(arguments)
        except (msgspec.MsgspecError, ArgumentsError) as error:
            self._complain(str(error))
            return
        self.dismiss()
        self._run(name, arguments)

    def _complain(self, why: str) -> None:
        complaint = self.query_one("#complaint", Static)
        complaint.update(clean(f"These arguments cannot be used: {why}"))
        complaint.display = True


def _option(tool: Tool) -> Option:
    name = Content.styled(f"{clean(tool.name):<16}", "bold")
    about = Content.styled(one_line(tool.description), "$foreground 60%")
    return Option(Content.assemble(name, "  ", about), id=tool.name)
