"""The transcript: a conversation as lines, painted only where it can be seen.

It is a line widget, not a tree of widgets: a message costs nothing until it comes near
the viewport, so ten thousand open and scroll like ten, and a streamed word re-paints one
block. Unseen heights are estimates; they are replaced while what the reader looks at
stays where it is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from rich.segment import Segment
from rich.text import Text
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.markdown.line import Line
from tui.markdown.palette import Palette
from tui.transcript.heights import Heights
from tui.transcript.item import Item
from tui.transcript.paint import paint
from tui.transcript.painter import Painter

KEPT_LINES = 800
"""Painted lines that stay in memory."""

Anchor = tuple[int, int]
"""An item's index and a line in it: what stands at the top of the viewport."""


class TranscriptView(ScrollView, can_focus=True):
    """Shows items; knows nothing of selection by keys or mouse (see `Transcript`)."""

    cursor: reactive[int | None] = reactive(None)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items: list[Item] = []
        self.follow = True
        self.welcome: Sequence[Text] = ()
        self._heights = Heights()
        self._painter: Painter | None = None
        self._recent: OrderedDict[int, None] = OrderedDict()
        self._arranging = False

    def on_mount(self) -> None:
        """Follow theme changes."""
        super().on_mount()  # type: ignore[no-untyped-call]
        self.app.theme_changed_signal.subscribe(self, lambda _: self._repaint())

    @property
    def painter(self) -> Painter:
        """Paints for the present width and theme."""
        if self._painter is None:
            palette = Palette.of(self.app.theme_variables)
            width = self.scrollable_content_region.width
            self._painter = Painter(max(8, width), palette, self.app.console)
        return self._painter

    def set_items(self, items: Sequence[Item]) -> None:
        """Show a conversation from its end."""
        self.items = list(items)
        self._recent.clear()
        self._estimate()
        self.follow = True
        self.cursor = len(self.items) - 1 if self.items and self.has_focus else None
        self._arrange()
        self.refresh()

    def add(self, item: Item) -> None:
        """Put an item at the end and follow it."""
        self.items.append(item)
        self._heights.append(item.estimate(self.painter.room))
        self.follow = True
        self._arrange()
        self.refresh()

    def truncate(self, length: int) -> None:
        """Drop all items from index `length` on."""
        del self.items[length:]
        self._heights.truncate(length)
        for index in [i for i in self._recent if i >= length]:
            del self._recent[index]
        if self.cursor is not None and self.cursor >= length:
            self.cursor = None
        self._arrange()
        self.refresh()

    def changed(self, index: int) -> None:
        """Paint an item anew after its content changed."""
        anchor = self._anchor()
        before = self._heights[index]
        self._measure(index)
        if self._heights[index] == before and not self.follow:
            self._refresh_item(index)
            return
        self._arrange(anchor)
        self._refresh_item(index)

    def item_at(self, y: int) -> Anchor | None:
        """The item at a line of the viewport, and the line within it."""
        line = y + self.scroll_offset.y
        if not self.items or line >= self._heights.total:
            return None
        return self._heights.locate(line)

    def reveal(self, index: int) -> None:
        """Scroll as little as possible so that the item, or its first line, can be seen."""
        self._measure(index)
        top, bottom = self._heights.start(index), self._heights.start(index + 1)
        height = self.scrollable_content_region.height
        y = round(self.scroll_y)
        if bottom - top >= height or top < y:
            self.scroll_to(y=top, animate=False)
        elif bottom > y + height:
            self.scroll_to(y=bottom - height, animate=False)

    def watch_cursor(self, old: int | None, new: int | None) -> None:
        """Move the mark beside the chosen item."""
        for index in (old, new):
            if index is not None and index < len(self.items):
                self._refresh_item(index)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Paint what comes into view before it is shown."""
        super().watch_scroll_y(old_value, new_value)
        if not self._arranging and round(old_value) != round(new_value):
            self.follow = new_value >= self.max_scroll_y
            self._arrange()

    def on_resize(self) -> None:
        """Wrap to the new width."""
        width = self.scrollable_content_region.width
        if self._painter is None or self._painter.width != max(8, width):
            anchor = self._anchor()
            self._painter = None
            self._estimate()
            self._arrange(anchor)
        else:
            self._arrange()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the viewport."""
        width, palette = self.size.width, self.painter.palette
        line = y + self.scroll_offset.y
        strip = self._strip(line, y)
        if strip is None:
            return Strip.blank(width, palette.base)
        return strip.crop_extend(0, width, palette.base)

    def _strip(self, line: int, y: int) -> Strip | None:
        if not self.items:
            return self._welcome_strip(y)
        if line >= self._heights.total:
            return None
        index, offset = self._heights.locate(line)
        lines = self._measure(index)
        if offset >= len(lines):
            return None
        strip = self.painter.strip(lines[offset])
        if index == self.cursor and self.has_focus and offset < len(lines) - 1:
            palette = self.painter.palette
            mark = Strip([Segment("▎", palette.base + palette.cursor)])
            strip = Strip.join([mark, strip.crop(1)])
        return strip

    def _welcome_strip(self, y: int) -> Strip | None:
        lines = [row for text in self.welcome for row in self.painter.wrap(text)]
        top = max(0, (self.size.height - len(lines)) // 3)
        return self.painter.strip(Line(lines[y - top])) if 0 <= y - top < len(lines) else None

    def _measure(self, index: int) -> list[Line]:
        """Paint an item if needed and record its height."""
        lines = self.items[index].lines(self.painter, self.paint_item)
        self._heights[index] = len(lines)
        known = index in self._recent
        self._recent[index] = None
        self._recent.move_to_end(index)
        if not known and sum(self._heights[i] for i in self._recent) > KEPT_LINES:
            oldest, _ = self._recent.popitem(last=False)
            self.items[oldest].forget()
        return lines

    def paint_item(self, item: Item, painter: Painter) -> list[Line]:
        """The lines of an item."""
        return paint(item, painter)

    def _estimate(self) -> None:
        room = self.painter.room
        self._heights = Heights(item.estimate(room) for item in self.items)

    def _anchor(self) -> Anchor | None:
        return self._heights.locate(round(self.scroll_y)) if len(self._heights) else None

    def _arrange(self, anchor: Anchor | None = None) -> None:
        """Measure what is visible and a page above it; keep the anchor where it is."""
        width, height = self.scrollable_content_region.size
        if not height or self._arranging:
            return
        self._arranging = True
        try:
            top = self._measure_around(anchor, height) if self.items else 0
            self.virtual_size = Size(width, self._heights.total)
            if round(self.scroll_y) != top:
                self.scroll_y = self.scroll_target_y = top
        finally:
            self._arranging = False

    def _measure_around(self, anchor: Anchor | None, height: int) -> int:
        """The line to scroll to, after everything near it has its real height."""
        if self.follow:
            self._measure_run(len(self.items) - 1, -1, 2 * height)
            return max(0, self._heights.total - height)
        index, offset = anchor or self._heights.locate(round(self.scroll_y))
        index = min(index, len(self.items) - 1)
        self._measure_run(index, 1, height + offset)
        self._measure_run(index - 1, -1, height)  # so that a page up finds true heights
        top = self._heights.start(index) + min(offset, max(0, self._heights[index] - 1))
        return max(0, min(top, self._heights.total - height))

    def _measure_run(self, index: int, step: int, lines: int) -> None:
        while 0 <= index < len(self.items) and lines > 0:
            self._measure(index)
            lines -= self._heights[index]
            index += step

    def _refresh_item(self, index: int) -> None:
        top = self._heights.start(index) - round(self.scroll_y)
        visible = Region(0, top, self.size.width, self._heights[index])
        region = visible.intersection(self.size.region)
        if region:
            self.refresh(region)

    def _repaint(self) -> None:
        self._painter = None
        self._arrange()
        self.refresh()
