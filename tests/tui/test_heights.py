from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.transcript.heights import Heights

HEIGHTS = st.lists(st.integers(1, 50), min_size=1, max_size=60)


@given(HEIGHTS)
def test_every_line_belongs_to_the_item_that_covers_it(values: list[int]) -> None:
    heights = Heights(values)
    lines = [(index, line) for index, height in enumerate(values) for line in range(height)]
    assert [heights.locate(line) for line in range(heights.total)] == lines


@given(HEIGHTS, st.data())
def test_changes_are_like_building_anew(values: list[int], data: st.DataObject) -> None:
    heights = Heights()
    for value in values:
        heights.append(value)
    index = data.draw(st.integers(0, len(values) - 1))
    heights[index] = values[index] = data.draw(st.integers(0, 50))
    keep = data.draw(st.integers(0, len(values)))
    heights.truncate(keep)
    heights.append(7)
    fresh = Heights([*values[:keep], 7])
    assert [heights.start(i) for i in range(keep + 2)] == [fresh.start(i) for i in range(keep + 2)]


def test_lines_outside_belong_to_the_ends() -> None:
    heights = Heights([2, 3])
    assert heights.locate(-5) == (0, 0)
    assert heights.locate(99) == (1, 2)


def test_nothing_can_be_found_in_nothing() -> None:
    with pytest.raises(IndexError):
        Heights().locate(0)
