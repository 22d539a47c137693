from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult

from tui.widgets.status import METER, Status, StatusLine, meter

FULL = Status("ready", "model", "adapter", "on", 121.4, 1234, 8192)
TUNING = replace(
    FULL, tune=("tune: training 43 % · loss 1.21 · 3 min left", "tune 43 % · 3 min", "tune 43 %")
)


class StatusApp(App[None]):
    CSS = "StatusLine { height: 1; }"

    def compose(self) -> ComposeResult:
        yield StatusLine()


async def line(status: Status, width: int) -> str:
    app = StatusApp()
    async with app.run_test(size=(width, 3)) as pilot:
        app.query_one(StatusLine).status = status
        await pilot.pause()
        return str(app.query_one(StatusLine).render())


async def test_everything_is_said_where_there_is_room() -> None:
    text = await line(FULL, 100)
    assert text.startswith("● ready · model · adapter")
    assert text.endswith("1,234 / 8,192")
    assert "thinking on" in text
    assert "121 tokens/s" in text


@pytest.mark.parametrize("width", [1, 5, 10, 30, 45, 60])
@pytest.mark.parametrize("status", [FULL, TUNING], ids=["full", "tuning"])
async def test_it_never_outgrows_its_line(status: Status, width: int) -> None:
    assert len(await line(status, width)) <= width


@pytest.mark.parametrize(("width", "form"), [(100, 0), (70, 1), (38, 2)])
async def test_a_tune_is_told_in_the_words_that_fit(width: int, form: int) -> None:
    text = await line(TUNING, width)
    assert TUNING.tune[form] in text
    assert form == 0 or TUNING.tune[form - 1] not in text


async def test_the_context_outlives_the_speed() -> None:
    text = await line(FULL, 45)
    assert "1,234 / 8,192" in text
    assert "tokens/s" not in text


@pytest.mark.parametrize(
    ("used", "window", "filled"),
    [(0, 100, 0), (1, 100, 1), (50, 100, METER // 2), (100, 100, METER), (200, 100, METER)],
)
def test_the_meter_fills(used: int, window: int, filled: int) -> None:
    assert meter(used, window).count("▰") == filled
    assert len(meter(used, window)) == METER


def test_without_a_window_there_is_no_meter() -> None:
    assert meter(5, 0) == ""
