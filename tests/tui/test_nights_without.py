"""A night on which no tune began: told until it was put away, where the machine was why."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from localai import config
from localai.schedule.outcome import keep
from tests.tui.stage import Stage
from tests.tui.test_morning import ended, looked, told

Build = Callable[..., Stage]


async def test_a_night_on_which_none_began_is_told_until_it_was_put_away(stage: Build) -> None:
    async with stage().show() as on:
        keep("On \x1b[2Jbattery.", hindered=True)
        await on.until(lambda: told(on))
        assert told(on).endswith(": no tune began. On battery. F8 puts this away.")
        await on.pilot.press("f8")
        await on.until(lambda: not told(on) and on.chat.glance.news is None)


async def test_a_night_is_told_once_the_run_before_it_was_put_away(stage: Build) -> None:
    async with stage().show() as on:
        with on.thread_busy():
            ended(on, "rejected")
            keep("On battery.", hindered=True)
        await on.until(lambda: "nothing changed" in told(on))
        await on.pilot.press("f8")
        await on.until(lambda: "On battery." in told(on))
        await on.pilot.press("f8")
        await on.until(lambda: not told(on) and on.chat.glance.news is None)
    async with stage(settings=config.load()).show() as on:
        await on.until(lambda: on.chat.glance.run is not None)
        assert not told(on)
        keep("Too little memory.", lambda: time.time() + 60, hindered=True)
        await on.until(lambda: told(on))
        assert "Too little memory." in told(on)  # not the run again


@pytest.mark.parametrize(
    ("why_not", "hindered", "later"),
    [("Nothing is new.", False, 60), ("", False, 60), ("No.", True, -60)],
)
async def test_a_night_is_not_told_without_something_to_learn_or_before_another_run(
    stage: Build, why_not: str, hindered: bool, later: int
) -> None:
    keep(why_not, lambda: time.time() + later, hindered=hindered)
    async with stage().show() as on:
        with on.thread_busy():
            ended(on, "rejected", "another")
        await on.until(partial(looked, on, 1))
        assert not told(on)
