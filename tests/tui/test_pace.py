from __future__ import annotations

import pytest

from tui.pace import FASTEST_SECONDS, SHARE, SLOWEST_SECONDS, Pace


@pytest.mark.parametrize(
    ("cost", "wait"),
    [(0.0, FASTEST_SECONDS), (0.01, 0.01 / SHARE), (5.0, SLOWEST_SECONDS)],
)
def test_painting_takes_only_its_share(cost: float, wait: float) -> None:
    wall, spent = [0.0], [0.0]
    pace = Pace(lambda: wall[0], lambda: spent[0])
    spent[0] = cost
    wall[0] = wait * 0.99
    assert not pace.due()
    wall[0] = wait * 1.01
    assert pace.due()
    assert not pace.due()
