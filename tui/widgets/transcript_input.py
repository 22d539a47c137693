"""The transcript as the user handles it: choosing messages, folding, selecting text."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from localai.sanitize import clean
from tui.keymap import bindings
from tui.transcript.item import Item
from tui.transcript.painter import FOLD_META, plain
from tui.widgets.transcript import TranscriptView


class Transcript(TranscriptView):
    """A transcript with a cursor on one of its messages."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("transcript")

    @property
    def chosen(self) -> Item | None:
        """The answer that an action means: under the cursor, else the last one."""
        index = self.cursor
        found: Item | None
        if index is not None and index < len(self.items):
            found = self.items[index]
            if not found.is_answer and index + 1 < len(self.items):
                found = self.items[index + 1]
        else:
            found = next((i for i in reversed(self.items) if i.is_answer), None)
        return found if found is not None and found.is_answer else None

    def question_of(self, item: Item) -> int:
        """Where the question stands that an answer answers; -1 without one."""
        index = self.items.index(item)
        while index >= 0 and self.items[index].is_answer:
            index -= 1
        return index

    def index_of(self, message_id: str) -> int | None:
        """Where the message stands, or the answer whose results it holds, from the end."""
        for index in range(len(self.items) - 1, -1, -1):
            if message_id in (self.items[index].row.id, self.items[index].tip):
                return index
        return None

    def on_focus(self) -> None:
        """Put the cursor on the last message when it is nowhere."""
        if self.cursor is None and self.items:
            self.cursor = len(self.items) - 1
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def action_next_message(self) -> None:
        """Choose the message below."""
        self._move(1)

    def action_previous_message(self) -> None:
        """Choose the message above."""
        self._move(-1)

    def action_fold(self) -> None:
        """Fold or unfold the reasoning and the calls of the chosen answer."""
        item = self.chosen
        if item is not None and (item.reasoning or item.calls):
            item.toggle()
            self.changed(self.items.index(item))

    def action_first(self) -> None:
        """Go to the first message."""
        self.cursor = 0 if self.items else None
        self.scroll_to(y=0, animate=False)

    def action_last(self) -> None:
        """Go to the end and stay there."""
        self.cursor = len(self.items) - 1 if self.items else None
        self.scroll_to(y=self.max_scroll_y, animate=False)

    def action_scroll_up(self) -> None:
        """One line up."""
        self.scroll_to(y=self.scroll_y - 1, animate=False)

    def action_scroll_down(self) -> None:
        """One line down."""
        self.scroll_to(y=self.scroll_y + 1, animate=False)

    def action_page_up(self) -> None:
        """One page up."""
        self.scroll_to(y=self.scroll_y - self._page, animate=False)

    def action_page_down(self) -> None:
        """One page down."""
        self.scroll_to(y=self.scroll_y + self._page, animate=False)

    @property
    def _page(self) -> int:
        return max(1, self.scrollable_content_region.height - 2)

    def _move(self, step: int) -> None:
        if not self.items:
            return
        start = len(self.items) if self.cursor is None else self.cursor
        self.cursor = max(0, min(len(self.items) - 1, start + step))
        self.reveal(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """Choose the message; on a fold, open or close it."""
        offset = event.get_content_offset(self)
        place = self.item_at(offset.y) if offset is not None else None
        if place is None:
            return
        self.cursor = place[0]
        if event.style.meta.get(FOLD_META):
            self.action_fold()

    def render_line(self, y: int) -> Strip:
        """One line, with the part that the mouse has selected marked."""
        strip = super().render_line(y)
        line = y + self.scroll_offset.y
        selection = self.text_selection
        span = selection.get_span(line) if selection is not None else None
        if span is not None:
            start, end = span
            end = strip.cell_length if end == -1 else end
            style = self.screen.get_component_rich_style("screen--selection")
            before, inside, after = (
                strip.crop(0, start),
                strip.crop(start, end),
                strip.crop(end, strip.cell_length),
            )
            strip = Strip.join([before, inside.apply_style(style), after])
        return strip.apply_offsets(0, line)

    def selection_updated(self, selection: Selection | None) -> None:
        """Show the selection as it grows."""
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, as painted; everything as it was written."""
        if selection.start is None and selection.end is None:
            return "\n\n".join(clean(item.row.message.text) for item in self.items), "\n"
        total = self._heights.total
        first = selection.start.y if selection.start else 0
        last = min(selection.end.y if selection.end else total - 1, total - 1)
        lines = [plain([self._strip(y, y) or Strip([])]) for y in range(first, last + 1)]
        shifted = Selection(
            selection.start and Offset(selection.start.x, 0),
            selection.end and Offset(selection.end.x, last - first),
        )
        return shifted.extract("\n".join(lines)), "\n"
