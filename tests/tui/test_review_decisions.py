"""Examples are accepted, rejected and let wait again, one by one or a whole data set."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import OptionList

from localai.engine.scripted import Script
from localai.errors import StoreError
from localai.store.store import Store
from tests.tui.reviews import (
    CAPITAL,
    choose_set,
    content,
    current,
    open_review,
    review,
    reviewing,
    rows,
    sample,
    states,
)
from tests.tui.stage import Stage
from tui.review.messages import Judged
from tui.screens.confirm import ConfirmScreen
from tui.screens.data_sets import DataSetScreen
from tui.screens.help import HelpScreen
from tui.screens.learning import LearningScreen
from tui.screens.review import ReviewScreen

Build = Callable[..., Stage]


async def test_one_key_accepts_and_goes_on(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await on.pilot.press("a", "r")
        await on.until(lambda: states(on)[:2] == ["accepted", "rejected"])
        assert current(on) == "Where is the treasure?"
        prompts = [str(review(on).examples.get_option_at_index(at).prompt)[0] for at in range(4)]
        assert prompts == ["✓", "✗", "○", "○"]
        assert content(on, "#headline").endswith("○ 2 pending   ✓ 4 accepted   ✗ 2 rejected")
        await on.pilot.press("up", "up", "space")
        await on.until(lambda: current(on) == "Where is the treasure?")
        await on.pilot.press("enter", "enter")
        await on.until(lambda: current(on) == "Where is the treasure?")
        await on.pilot.press("a", "a", "space")
        await on.until(lambda: on.said == ["Nothing that is listed is pending."])


async def test_decisions_are_undone_one_by_one(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await on.pilot.press("a", "r", "a")
        await on.until(lambda: states(on) == ["accepted", "rejected", "accepted", "pending"])
        await on.pilot.press("u")
        assert current(on) == "Where is the treasure?"
        await on.pilot.press("u", "u")
        await on.until(lambda: states(on) == ["pending"] * 4)
        assert current(on) == CAPITAL
        assert content(on, "#headline").endswith("○ 4 pending   ✓ 3 accepted   ✗ 1 rejected")
        assert "○ pending" in content(on, "#about")
        await on.pilot.press("u")
        assert on.said == ["There is nothing to undo."]


async def test_what_is_listed_next_knows_what_was_decided(stage: Build) -> None:
    async with stage([Script("It is so.", hold_at=1)]).show() as on:
        sample(on.store)
        on.chat.prompt.put("Is it?")
        await on.pilot.press("enter")
        await on.until(on.engine.held.is_set)
        await open_review(on)
        await on.pilot.press("a", "f")
        assert states(on) == ["pending"] * 4
        on.engine.release()
        await on.until(lambda: "accepted · all" in content(on, "#headline"))
        assert CAPITAL in [row.question for row in rows(on)]
        assert content(on, "#headline").endswith("○ 3 pending   ✓ 4 accepted   ✗ 1 rejected")


async def test_the_mouse_only_points(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await on.pilot.click("#examples", offset=(5, 2))
        await on.until(lambda: current(on) == "Where is the treasure?")
        await on.pilot.click("#examples", offset=(5, 2))
        assert current(on) == "Where is the treasure?"
        assert states(on) == ["pending"] * 4


async def test_a_mark_that_says_bad_is_not_accepted(stage: Build) -> None:
    async with reviewing(stage(), "f", "f") as on:
        await on.pilot.press("a")
        assert "marked bad" in on.said[-1]
        assert states(on) == ["rejected"]


async def test_a_decision_that_cannot_be_kept_is_shown_as_it_was(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reviewing(stage()) as on:

        def full(*_: object) -> None:
            raise StoreError("The disk is full; free some space.")

        monkeypatch.setattr(Store, "judge_example", full)
        await on.pilot.press("down", "a")
        await on.until(lambda: on.said == ["The disk is full; free some space."])
        await on.until(lambda: [row.state for row in rows(on)] == ["pending"] * 4)
        assert current(on) == "Sing me a song."
        await on.pilot.press("u")
        assert on.said[-1] == "There is nothing to undo."


async def test_a_whole_data_set_is_accepted_and_undone(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await on.pilot.press("A")
        assert "Choose a data set" in on.said[-1]
        await choose_set(on, 2)
        assert [row.name for row in rows(on)] == ["pirates"] * 3
        await on.pilot.press("r")
        await on.until(lambda: states(on)[0] == "rejected")
        await on.pilot.press("A", "n")
        assert states(on)[1:] == ["pending"] * 2
        await on.pilot.press("A")
        await on.until(lambda: isinstance(on.app.screen, ConfirmScreen))
        await on.pilot.press("y")
        await on.until(lambda: states(on) == ["rejected", "accepted", "accepted"])
        await on.until(lambda: "✓ 2 accepted" in content(on, "#headline"))
        await on.pilot.press("A")
        assert on.said[-1] == "Nothing is pending in this data set."
        await on.pilot.press("u")
        await on.until(lambda: states(on) == ["rejected", "pending", "pending"])
        await on.pilot.press("u")
        await on.until(lambda: states(on) == ["pending"] * 3)
        assert content(on, "#headline").endswith("○ 3 pending   ✓ 0 accepted   ✗ 0 rejected")


async def test_data_sets_are_chosen_with_their_numbers(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await on.pilot.press("s")
        await on.until(lambda: isinstance(on.app.screen, DataSetScreen))
        options = on.app.screen.query_one(OptionList).options
        assert [str(option.prompt).split() for option in options] == [
            ["all", "data", "sets", "8", "4", "pending"],
            ["your", "own", "5", "1", "pending"],
            ["pirates", "3", "3", "pending"],
        ]
        await on.pilot.press("escape")
        await choose_set(on, 1)
        assert [row.question for row in rows(on)] == [CAPITAL]


async def test_the_conversation_shows_what_was_decided(stage: Build) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        on.store.add_correction(on.chat.transcript.items[-1].row.id, "It is Lutz.")
        on.chat.reload()
        assert "corrected by you" in on.text
        await open_review(on)
        await on.pilot.press("r")
        await on.until(lambda: states(on) == ["rejected"])
        await on.pilot.press("q")
        await on.until(lambda: on.app.screen is on.chat and "corrected by you" not in on.text)


async def test_the_learning_screen_and_the_palette_lead_here(stage: Build) -> None:
    async with stage().show((120, 40)) as on:
        sample(on.store)
        await on.pilot.press("ctrl+g")
        await on.until(lambda: isinstance(on.app.screen, LearningScreen))
        waiting = on.app.screen.query_one("#waiting")
        await on.until(lambda: str(waiting.render()) == "To learn: 3 waiting")
        await on.pilot.press("r")
        await on.until(lambda: isinstance(on.app.screen, ReviewScreen))
        await on.until(lambda: len(rows(on)) == 4)
        await on.pilot.press("a", "f3")
        await on.until(lambda: str(waiting.render()) == "To learn: 4 waiting")
        await on.pilot.press("escape", "ctrl+p", *"Review what")
        await on.until(lambda: on.app.screen.query(OptionList).first().option_count == 1)
        await on.pilot.press("enter")
        await on.until(lambda: isinstance(on.app.screen, ReviewScreen))
        await on.pilot.press("question_mark")
        await on.until(lambda: isinstance(on.app.screen, HelpScreen))


async def test_what_settles_after_the_review_shows_in_the_conversation(stage: Build) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        on.store.add_correction(on.chat.transcript.items[-1].row.id, "It is Lutz.")
        on.chat.reload()
        await open_review(on)
        with on.thread_busy():
            await on.pilot.press("r", "q")
            await on.until(lambda: on.app.screen is on.chat)
            assert "corrected by you" in on.text
        await on.until(lambda: "corrected by you" not in on.text)


async def test_what_another_review_asked_for_does_not_settle_this_one(stage: Build) -> None:
    async with reviewing(stage()) as on:
        with on.thread_busy():
            await on.pilot.press("a", "a", "q")
            await on.until(lambda: on.app.screen is on.chat)
            await open_review(on)
            await on.pilot.press("r")
            late = Judged(rows(on)[0].id)
            on.chat.post_message(late)
            await on.pilot.press("f")
            await on.pilot.pause()
            assert content(on, "#headline").startswith("Review  pending")
        await on.until(lambda: content(on, "#headline").startswith("Review  accepted"))
