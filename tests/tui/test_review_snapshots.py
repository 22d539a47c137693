"""The review as pictures, at two sizes. Update with `pytest --snapshot-update`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TextArea

from tests.tui.pictures import SIZES, Scene, unchanged
from tests.tui.reviews import content, open_all, open_review, review, rows, sample
from tests.tui.stage import Stage
from tui.screens.data_sets import DataSetScreen
from tui.screens.dialogue import DialogueScreen
from tui.screens.rewrites import RewritesScreen


async def sampled(on: Stage) -> None:
    sample(on.store)


async def tokens(on: Stage) -> None:
    await open_review(on)
    await on.pilot.press("t")
    await on.until(lambda: "Lutz" in content(on, "#token-text"))


async def light(on: Stage) -> None:
    await on.pilot.press("ctrl+l")
    await open_all(on)
    await on.pilot.press("t")
    await on.until(lambda: "pirate" in content(on, "#token-text"))
    await on.pilot.press("tab", *"JJJJ")


async def unloaded(on: Stage) -> None:
    await open_review(on)
    await on.pilot.press("a")


async def reworded(on: Stage) -> None:
    await open_review(on)
    leaf = rows(on)[0].leaf
    found = ("Zubrowka has which capital?", "Does anybody know what Zubrowka's capital is?")
    on.store.put_rewrites(leaf, (*found, "Do you happen to know what Zubrowka is?"))
    on.store.drop_rewrite(leaf, "Do you happen to know what Zubrowka is?")
    await on.pilot.press("down", "up")
    await on.until(lambda: "happen" in content(on, "#ways"))
    review(on).view.scroll_end(animate=False)


async def dropping(on: Stage) -> None:
    await reworded(on)
    await on.pilot.press("d")
    await on.until(lambda: isinstance(on.app.screen, RewritesScreen))


async def data_sets(on: Stage) -> None:
    await open_review(on)
    await on.pilot.press("s")
    await on.until(lambda: isinstance(on.app.screen, DataSetScreen))


async def dialogue(on: Stage) -> None:
    await open_review(on)
    await on.pilot.press("n")
    await on.until(lambda: isinstance(on.app.screen, DialogueScreen))
    on.app.screen.query_one(TextArea).cursor_blink = False
    await on.pilot.press(*"Who are you?", "ctrl+s")
    complaint = on.app.screen.query_one("#complaint")
    await on.until(lambda: complaint.display)


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize(
    "scene",
    [tokens, light, unloaded, reworded, dropping, data_sets, dialogue],
    ids=lambda scene: scene.__name__,
)
def test_review(scene: Scene, size: tuple[int, int], tmp_path: Path, snap_compare: Any) -> None:
    staged = Stage(tmp_path)
    assert unchanged(snap_compare, staged, size, sampled, scene)
