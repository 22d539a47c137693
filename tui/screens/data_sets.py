"""Asks which data set to look at; says how many examples each has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from tui.review import paint
from tui.review.paint import Counts
from tui.review.values import STATES, Filter

NAME = 34
"""Cells of a data set's name."""


class DataSetScreen(ModalScreen[int | None]):
    """Returns the number of one of `names` (None is all, "" the user's own), or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,s", "dismiss", "Cancel", show=False),
    ]

    def __init__(self, names: Sequence[str | None], counts: Counts, shown: str | None) -> None:
        super().__init__()
        self._names, self._counts, self._shown = names, counts, shown

    def compose(self) -> ComposeResult:
        """The names, the cursor on the one that is shown."""
        with Vertical(id="dialog", classes="listed"):
            yield Label("Which data set?")
            options = OptionList(*map(self._option, self._names), markup=False, compact=True)
            options.highlighted = self._names.index(self._shown)
            yield options
            yield Label("enter chooses · esc cancels", classes="hint")

    def _option(self, name: str | None) -> Option:
        found = Filter(None, name)
        numbers = {state: paint.count(state, found, self._counts) for state in STATES if state}
        pending = numbers["pending"]
        title = Content(paint.set_name(name)).truncate(NAME, ellipsis=True, pad=True)
        tail = f"{sum(numbers.values()):>7,}" + (f"  {pending:,} pending" if pending else "")
        return Option(Content.assemble(title, Content.styled(tail, paint.FAINT)))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_index)
