"""What is offered, what can be gone on with, and a tune that waits, as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localai.store.tuning import Progress
from tests.tui.lessons import base_of
from tests.tui.pictures import SIZES, Scene, at_night, unchanged
from tests.tui.stage import Stage
from tests.tui.test_offers import cut_off, learn_elsewhere, offered, told


async def untaught(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    with on.thread_busy():  # it never sees the run going on
        learn_elsewhere(on, "smollm2-135m-instruct")
    await on.until(lambda: offered(on))


async def unfinished(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    with at_night(on):
        cut_off(on)
    await on.until(lambda: offered(on))


async def unfinished_learning(on: Stage) -> None:
    await unfinished(on)
    await on.pilot.press("ctrl+g")
    await on.until(lambda: "g goes on" in told(on))


async def paused(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    run = on.store.begin_run("scripted", base_of(on.model), {})
    on.store.update_run(run.id, Progress("paused while you chat", 43, 100, 1.21, turn="paused"))
    await on.until(lambda: on.chat.status_line.status.tune)


SCENES: list[Scene] = [untaught, unfinished, unfinished_learning, paused]


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_offer(scene: Scene, size: tuple[int, int], tmp_path: Path, snap_compare: Any) -> None:
    staged = Stage(tmp_path, ["Because air scatters blue light most."])
    assert unchanged(snap_compare, staged, size, scene)
