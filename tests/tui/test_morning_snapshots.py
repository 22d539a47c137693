"""The morning after a tune, as pictures: its news, its report, the scores over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.morning.nights import BAD, GOOD, pool, train
from tests.tui.lessons import base_of, correct_all, promote
from tests.tui.pictures import SIZES, Scene, at_night, unchanged
from tests.tui.stage import Stage
from tests.tui.test_morning import told
from tui.screens.learning import LearningScreen
from tui.screens.report import ReportScreen

SHARES = (14, 17, 19, 20)
"""How many of 25 corrections were won, one night after the other."""


async def good(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    with at_night(on):
        correct_all(on.store)
        run = on.store.begin_run(
            "scripted",
            base_of(on.model),
            {"corrections": [each.id for each in on.store.corrections()]},
        )
        train(on.store, run)
        size = on.model.stat().st_size
        on.store.promote(run.id, base_bytes=size, file="/t", sha256="t", verdict=GOOD)
    await on.until(lambda: told(on))


async def refused(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    with at_night(on):
        run = on.store.begin_run("scripted", base_of(on.model), {})
        on.store.end_run(run.id, "rejected", verdict=BAD)
    await on.until(lambda: told(on))


async def read(on: Stage) -> None:
    await good(on)
    await on.pilot.press("f6")
    await on.until(lambda: isinstance(on.app.screen, ReportScreen))
    await on.pilot.pause()


async def read_on(on: Stage) -> None:
    await read(on)
    await on.pilot.press("end")
    panel = on.app.screen.query_one("#panel")
    await on.until(lambda: panel.scroll_y == panel.max_scroll_y > 0)


async def trends(on: Stage) -> None:
    with at_night(on):
        for won in SHARES:
            pools = [pool("corrections", 25, 3, won, 1), pool("general", 40, 30, won % 4, 1)]
            promote(on.store, on.model, GOOD | {"pools": pools})
    await on.until(lambda: told(on))
    await on.pilot.press("ctrl+g")
    await on.until(lambda: isinstance(on.app.screen, LearningScreen))
    await on.until(lambda: len(on.app.screen.query_one("#runs").options) == len(SHARES))  # type: ignore[attr-defined]


SCENES: list[Scene] = [good, refused, read, read_on, trends]


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_morning(scene: Scene, size: tuple[int, int], tmp_path: Path, snap_compare: Any) -> None:
    staged = Stage(tmp_path, ["Because air scatters blue light most."])
    assert unchanged(snap_compare, staged, size, scene)
