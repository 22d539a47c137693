"""Comparing two answers, and asking how sure the model is, as pictures at two sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localai.engine.scripted import Script
from tests.tui.pictures import SIZES, Scene, unchanged
from tests.tui.stage import Stage
from tests.tui.test_comparing import adapt, compare, shown
from tests.tui.test_doubting import told
from tui.screens.sure import SureScreen

QUESTION = "A train leaves at 9:40 and arrives at 12:05. How long does it take?"
DIRECT = "It takes **2 hours and 35 minutes**."
STEPS = (
    "From 9:40 to 10:00 are 20 minutes.\nFrom 10:00 to 12:00 are 2 hours.\n"
    "From 12:00 to 12:05 are 5 minutes.\nAnswer: 2 hours and 25 minutes."
)
AGAIN = [
    "It takes 2 hours and 25 minutes.",
    "2 hours and 25 minutes.",
    "It takes 2 hours and 35 minutes.",
    "It takes 3 hours.",
    "It takes 2 hours and 25 minutes, if it is on time.",
]


async def asked(on: Stage) -> None:
    await on.ask(QUESTION)


async def writing(on: Stage) -> None:
    await on.pilot.press("escape", "v")
    await shown(on)
    await on.until(on.engine.held.is_set)
    await on.until(lambda: "tokens" in str(on.app.screen.query_one("#side-2 .about").render()))


async def judging(on: Stage) -> None:
    await on.pilot.press("escape", "v")
    await shown(on)
    await on.until(on.engine.held.is_set)
    on.engine.release()
    await on.until(lambda: "Which is better" in str(on.app.screen.query_one("#outcome").render()))


async def unfolded(on: Stage) -> None:
    await judging(on)
    await on.pilot.press("o")


async def voted(on: Stage) -> None:
    await judging(on)
    await on.pilot.press("2")


async def blind(on: Stage) -> None:
    adapt(on)
    on.engine._tuned = {"": DIRECT, "tuned": DIRECT}
    await compare(on, "b")


async def unblinded(on: Stage) -> None:
    adapt(on)
    on.engine._tuned = {"": DIRECT, "tuned": DIRECT}
    await compare(on, "V")
    await on.pilot.press("2")


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize(
    "scene",
    [writing, judging, unfolded, voted, blind, unblinded],
    ids=lambda scene: scene.__name__,
)
def test_comparison(scene: Scene, size: tuple[int, int], tmp_path: Path, snap_compare: Any) -> None:
    staged = Stage(tmp_path, [DIRECT, DIRECT, Script(STEPS, hold_at=24)])
    assert unchanged(snap_compare, staged, size, asked, scene)


async def asking(on: Stage) -> None:
    await panel(on)
    await on.until(on.engine.held.is_set)
    await on.until(lambda: "2 to come" in told(on))
    await state(on, "generating")


async def agreeing(on: Stage) -> None:
    await asking(on)
    on.engine.release()
    await on.until(lambda: "of 6" in told(on) and "to come" not in told(on))
    await state(on, "ready")


async def state(on: Stage, name: str) -> None:
    """Wait until the status line behind says so; it looks now and then."""
    await on.until(lambda: on.chat.status_line.status.state == name)


async def panel(on: Stage) -> None:
    await on.pilot.press("escape", "w")
    await on.until(lambda: isinstance(on.app.screen, SureScreen))
    await on.until(lambda: on.app.screen.query("#groups"))


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("scene", [asking, agreeing], ids=lambda scene: scene.__name__)
def test_sure(scene: Scene, size: tuple[int, int], tmp_path: Path, snap_compare: Any) -> None:
    first, second, third, fourth, fifth = AGAIN
    held = Script(fourth, hold_at=2)
    staged = Stage(tmp_path, [DIRECT, first, second, third, held, fifth])
    assert unchanged(snap_compare, staged, size, asked, scene)
