"""Asking something else in the place of a question: beside it, with a way back."""

from __future__ import annotations

from collections.abc import Callable

from tests.tui.stage import Stage

Build = Callable[..., Stage]


async def test_a_question_is_changed_and_both_stay(stage: Build) -> None:
    on = stage(["It is red.", "It is green.", "Fine."])
    async with on.show() as on:
        await on.ask("What is red?")
        await on.ask("Thank you.")
        await on.pilot.press("escape", "k", "k", "k", "a")
        assert on.chat.prompt.text == "What is red?"
        on.chat.prompt.put("What is green?")
        await on.pilot.press("enter")
        await on.until(lambda: "Fine." in on.text and on.chat.turn is None)
        assert "What is green?" in on.text
        assert "Thank you." not in on.text
        assert "◂ 2/2 ▸" in on.text
        await on.pilot.press("escape", "k", "left")
        await on.until(lambda: "What is red?" in on.text)
        assert "Thank you." in on.text  # with all that followed
        await on.pilot.press("right")
        await on.until(lambda: "What is green?" in on.text)
        on.chat.tips.clear()  # as after a restart
        await on.pilot.press("left")
        await on.until(lambda: "Thank you." in on.text)


async def test_esc_leaves_a_question_as_it_was(stage: Build) -> None:
    on = stage(["It is red."])
    async with on.show() as on:
        await on.ask("What is red?")
        await on.pilot.press("escape", "a")
        assert on.chat.prompt.text == "What is red?"
        await on.pilot.press("escape")
        assert on.chat.prompt.text == ""
        await on.ask("And blue?")
        assert on.text.count("▌") == 2


async def test_without_a_question_there_is_a_sentence(stage: Build) -> None:
    on = stage()
    async with on.show() as on:
        on.chat.action_ask_instead()
        await on.until(lambda: on.said)
        assert on.said[-1].startswith("There is no question yet")
