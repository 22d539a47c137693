"""The list of examples under review; it knows those that it shows and the states they are in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from localai.store.tuning import ExampleState, StoredExample
from tui.review import paint

AHEAD = 20
"""Examples below the cursor or the window before more are asked for."""


class ExampleList(OptionList):
    """Examples, the newest first. `tall`: two lines for each."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "screen.next", show=False)]

    class NearEnd(Message):
        """The end of what is listed comes into sight."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False, compact=True)
        self.rows: list[StoredExample] = []
        self.tall = False

    @property
    def current(self) -> StoredExample | None:
        """The example under the cursor."""
        return None if self.highlighted is None else self.rows[self.highlighted]

    def show(self, rows: Sequence[StoredExample]) -> None:
        """List these from the first on."""
        self.rows = list(rows)
        self._fill(0)

    def extend(self, rows: Sequence[StoredExample]) -> None:
        """List these as well, where they are not listed yet."""
        listed = {row.id for row in self.rows}
        new = [row for row in rows if row.id not in listed]
        self.rows += new
        self.add_options(self._options_for(new))

    def put(self, row: StoredExample, instead_of: str) -> None:
        """Show an example in the place of the one with an id; as the first where that is none."""
        at = self._place(instead_of)
        if at is None:
            self.rows.insert(0, row)
            at = 0
        else:
            self.rows[at] = row
        self._fill(at)

    def set_state(self, ids: Collection[str], state: ExampleState) -> None:
        """Show that examples are in this state now."""
        for at, row in enumerate(self.rows):
            if row.id in ids and row.state != state:
                self.rows[at] = replace(row, state=state)
                self.replace_option_prompt_at_index(at, self._prompt(self.rows[at]))

    def point(self, example_id: str) -> None:
        """Put the cursor on an example if it is listed."""
        at = self._place(example_id)
        if at is not None:
            self.highlighted = at

    def step(self) -> None:
        """Put the cursor on the next example, if there is one."""
        if self.highlighted is not None and self.highlighted + 1 < len(self.rows):
            self.highlighted += 1

    def next_pending(self) -> bool:
        """Put the cursor on the next pending example, after the last one the first; False when
        none of those listed is pending."""
        start = 0 if self.highlighted is None else self.highlighted + 1
        order = [*range(start, len(self.rows)), *range(min(start, len(self.rows)))]
        found = next((at for at in order if self.rows[at].state == "pending"), None)
        if found is not None:
            self.highlighted = found
        return found is not None

    def lay_out(self) -> None:
        """Show the same for another width."""
        for at, row in enumerate(self.rows):
            self.replace_option_prompt_at_index(at, self._prompt(row))

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Ask for more in time."""
        super().watch_highlighted(highlighted)
        if highlighted is not None and highlighted >= len(self.rows) - AHEAD:
            self.post_message(self.NearEnd())

    def watch_scroll_y(self, old: float, new: float) -> None:
        """The wheel moves no cursor."""
        super().watch_scroll_y(old, new)
        if new > old and new >= self.max_scroll_y - AHEAD:
            self.post_message(self.NearEnd())

    def _fill(self, cursor: int) -> None:
        self.set_options(self._options_for(self.rows))
        self.highlighted = cursor if self.rows else None

    def _options_for(self, rows: Sequence[StoredExample]) -> list[Option]:
        return [Option(self._prompt(row)) for row in rows]

    def _prompt(self, row: StoredExample) -> Content:
        width = self.scrollable_content_region.width - 2
        return paint.row(row, width, tall=self.tall)

    def _place(self, example_id: str) -> int | None:
        return next((at for at, row in enumerate(self.rows) if row.id == example_id), None)
