from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from localai.sparkline import BARS, sparkline


@given(st.lists(st.floats(width=32)), st.integers(-1, 30))
def test_a_sparkline_fits_whatever_it_shows(values: list[float], width: int) -> None:
    line = sparkline(values, width)
    assert len(line) == min(len(values), max(0, width))
    assert set(line) <= {*BARS, " "}


def test_a_sparkline_uses_its_whole_scale() -> None:
    assert sparkline([3.0, 2.0, 1.0], 3) == "█▅▁"
    assert sparkline([1.0, math.nan, 2.0], 3) == "▁ █"
    assert sparkline([4.0, 4.0, 1.0, 1.0], 2) == "█▁"
