from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.markdown.table import GAP, NARROWEST, column_widths


@given(st.lists(st.integers(0, 200), min_size=1, max_size=8), st.integers(1, 200))
def test_columns_fit_and_none_vanishes(wanted: list[int], room: int) -> None:
    widths = column_widths(wanted, room)
    if room < NARROWEST * len(wanted):
        assert widths == []
        return
    assert sum(widths) <= room
    assert all(1 <= width <= max(1, want) for width, want in zip(widths, wanted, strict=True))
    if sum(max(1, want) for want in wanted) <= room:
        assert widths == [max(1, want) for want in wanted]


def test_the_widest_gives_way_first() -> None:
    assert column_widths([5, 50, 10], 30) == [5, 15, 10]
    assert GAP > 0
