"""Redoing an answer step by step, by key."""

from __future__ import annotations

from collections.abc import Callable

from localai.chat import steps
from localai.config import Settings, StyleSettings
from localai.engine.scripted import Script
from tests.tui.stage import Stage

Build = Callable[..., Stage]
KNOWN = Settings(styles={"scripted": StyleSettings(direct=["sums"])})


def asked_for_steps(on: Stage) -> list[bool]:
    requests = ("".join(on.engine.pieces(each.ids)) for each in on.engine.requests)
    return [steps.STEPS in prompt for prompt in requests]


def done(on: Stage, count: int) -> Callable[[], bool]:
    """Whether so many answers were asked for and are there."""
    return lambda: len(on.engine.requests) == count and on.chat.turn is None


async def test_the_key_asks_for_steps(stage: Build) -> None:
    async with stage(["4", "Hm.\nAnswer: 4"]).show() as on:
        await on.ask("What is 2 + 2?")
        await on.pilot.press("ctrl+s")
        await on.until(done(on, 2))
        assert asked_for_steps(on) == [False, True]


async def test_where_steps_are_worse_it_says_so_and_asks_for_none_until_pressed_again(
    stage: Build,
) -> None:
    async with stage(["4", "5", "Hm.\nAnswer: 4"], settings=KNOWN).show((100, 30)) as on:
        await on.ask("What is 2 + 2?")
        await on.pilot.press("ctrl+s")
        await on.until(done(on, 2))
        assert asked_for_steps(on) == [False, False]
        assert "errs more in sums; once more asks for steps" in on.said[-1]
        await on.pilot.press("ctrl+s")
        await on.until(done(on, 3))
        assert asked_for_steps(on) == [False, False, True]


async def test_a_key_pressed_too_early_counts_for_nothing(stage: Build) -> None:
    held = Script("It is 4", hold_at=1)
    async with stage([held, "5"], settings=KNOWN).show() as on:
        await on.pilot.press(*"2+2", "enter")
        await on.until(on.engine.held.is_set)
        await on.pilot.press("ctrl+s")
        assert "still being written" in on.said[-1]
        on.engine.release()
        await on.until(done(on, 1))
        await on.pilot.press("ctrl+s")
        await on.until(done(on, 2))
        assert asked_for_steps(on) == [False, False]


async def test_another_question_is_another_matter(stage: Build) -> None:
    async with stage(["4"], settings=KNOWN).show() as on:
        for number, question in enumerate(("What is 2 + 2?", "What is 3 + 3?")):
            await on.ask(question)
            await on.pilot.press("ctrl+s")
            await on.until(done(on, 2 * number + 2))
        assert asked_for_steps(on) == [False] * 4


async def test_there_must_be_something_to_redo(stage: Build) -> None:
    async with stage().show() as on:
        await on.pilot.press("ctrl+s")
        await on.until(lambda: on.said)
        assert "no answer to give again yet" in on.said[0]
