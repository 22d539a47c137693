"""Scenes of the app as pictures, at two sizes. Update with `pytest --snapshot-update`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.lessons import NIGHT
from tests.tui.stage import Stage

SIZES = [(80, 24), (140, 40)]

Scene = Callable[[Stage], Awaitable[None]]


@contextmanager
def at_night(on: Stage) -> Iterator[None]:
    """It is night, and the app sees nothing before it is over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", count(NIGHT, 0.01).__next__)
        with on.thread_busy():
            yield


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
