"""What one says of an answer, as pictures at two sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TextArea

from tests.tui.pictures import SIZES, Scene, unchanged
from tests.tui.stage import Stage
from tests.tui.test_calls import TEMPLATE
from tests.tui.test_judging import choose
from tui.screens.better import BetterScreen
from tui.screens.reasons import ReasonsScreen
from tui.screens.tool_choice import ToolChoiceScreen

LONG = "Well, that is a good question. " * 6 + "It is Paris, as everybody knows."


async def asked(on: Stage) -> None:
    await on.ask("What is the capital of France, 12 * 12 times?")


async def menu(on: Stage) -> None:
    await on.pilot.press("escape", "m")
    await on.until(lambda: isinstance(on.app.screen, ReasonsScreen))


async def tools(on: Stage) -> None:
    await choose(on, "t")
    await on.until(lambda: isinstance(on.app.screen, ToolChoiceScreen))
    on.app.screen.query_one(TextArea).cursor_blink = False


async def better(on: Stage) -> None:
    await choose(on, "s")
    await on.until(lambda: isinstance(on.app.screen, BetterScreen))


async def marked(on: Stage) -> None:
    await choose(on, "g")
    await on.until(lambda: on.said)


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("scene", [menu, tools, better, marked], ids=lambda scene: scene.__name__)
def test_screen(scene: Scene, size: tuple[int, int], tmp_path: Path, snap_compare: Any) -> None:
    staged = Stage(tmp_path, [LONG, "Paris."], template=TEMPLATE)
    assert unchanged(snap_compare, staged, size, asked, scene)
