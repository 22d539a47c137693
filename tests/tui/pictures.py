"""Scenes of the app as pictures, at two sizes. Update with `pytest --snapshot-update`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from tests.tui.stage import Stage

SIZES = [(80, 24), (140, 40)]

Scene = Callable[[Stage], Awaitable[None]]


def unchanged(snap_compare: Any, staged: Stage, size: tuple[int, int], *scenes: Scene) -> bool:
    """Whether the picture is as it was once the scenes were played, one after the other."""

    async def play(pilot: Pilot[None]) -> None:
        staged.pilot = pilot
        staged.chat.prompt.cursor_blink = False
        await staged.until(lambda: staged.chat.status_line.status.model)
        for scene in scenes:
            await scene(staged)
        await pilot.pause()

    return bool(snap_compare(staged.app, terminal_size=size, run_before=play))
