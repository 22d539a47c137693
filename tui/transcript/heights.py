"""Heights of many items, for finding the item at a line and the line of an item quickly.

A Fenwick tree: changing one height and both lookups cost log(n), so a conversation of
ten thousand messages scrolls like one of ten. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable


class Heights:
    """A list of heights >= 0 in lines, with prefix sums."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._values: list[int] = list(heights)
        self._build()

    def _build(self) -> None:
        self._tree = [0, *self._values]
        for i in range(1, len(self._tree)):
            parent = i + (i & -i)
            if parent < len(self._tree):
                self._tree[parent] += self._tree[i]

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> int:
        return self._values[index]

    def __setitem__(self, index: int, height: int) -> None:
        change = height - self._values[index]
        if not change:
            return
        self._values[index] = height
        position = index + 1
        while position < len(self._tree):
            self._tree[position] += change
            position += position & -position

    def append(self, height: int) -> None:
        """Add an item at the end."""
        self._values.append(height)
        end = len(self._values)
        self._tree.append(self.start(end) - self.start(end - (end & -end)))

    def truncate(self, length: int) -> None:
        """Keep the first `length` items."""
        del self._values[length:]
        del self._tree[length + 1 :]

    def start(self, index: int) -> int:
        """The line at which item `index` begins; `start(len)` is the total."""
        if index == len(self._values) and len(self._tree) <= index:
            return self.start(index - 1) + self._values[index - 1]
        total, position = 0, index
        while position > 0:
            total += self._tree[position]
            position -= position & -position
        return total

    @property
    def total(self) -> int:
        """The sum of all heights."""
        return self.start(len(self._values))

    def locate(self, line: int) -> tuple[int, int]:
        """The item that holds `line` and the line within it.

        Lines outside belong to the first or last item. Raises IndexError when empty.
        """
        if not self._values:
            raise IndexError("no items")
        line = max(0, min(line, self.total - 1))
        index, remaining = 0, line
        bit = 1 << (len(self._values).bit_length() - 1)
        while bit:
            following = index + bit
            if following < len(self._tree) and self._tree[following] <= remaining:
                index = following
                remaining -= self._tree[following]
            bit >>= 1
        return min(index, len(self._values) - 1), remaining
