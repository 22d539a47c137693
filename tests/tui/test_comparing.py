"""Two answers side by side, with real keys: both are stored, the vote is kept, blind or not."""

from __future__ import annotations

import re
from collections.abc import Callable

from localai.engine.scripted import Script
from localai.errors import AdapterError
from localai.store.tuning import Adapter
from tests.tui.lessons import base_of
from tests.tui.stage import Stage
from tui.screens.compare import CompareScreen
from tui.widgets.side import SideView

Build = Callable[..., Stage]
STEPWISE = "Two and two.\nAnswer: It is 4."


def screen(on: Stage) -> CompareScreen:
    shown = on.app.screen
    assert isinstance(shown, CompareScreen)
    return shown


def about(on: Stage, number: int) -> str:
    return str(screen(on).query_one(f"#side-{number} .about").render())


def outcome(on: Stage) -> str:
    return str(screen(on).query_one("#outcome").render())


async def compare(on: Stage, key: str = "v") -> None:
    """Have the last answer compared, until both sides are there."""
    if not on.chat.transcript.has_focus:
        await on.pilot.press("escape")
    await on.pilot.press(key)
    await shown(on)
    await on.until(lambda: screen(on).complete and "Which is better" in outcome(on))


async def shown(on: Stage) -> None:
    """Wait for the screen with all that is on it."""
    await on.until(lambda: isinstance(on.app.screen, CompareScreen))
    await on.until(lambda: on.app.screen.is_mounted and on.app.screen.query("#outcome"))
    await on.until(lambda: len(on.app.screen.query(".about")) == 2)


def adapt(on: Stage) -> Adapter:
    """An adapter in force that answers otherwise."""
    tuned = on.store.add_adapter(
        base=base_of(on.model),
        base_bytes=on.model.stat().st_size,
        file="/tuned.gguf",
        sha256="tuned",
    )
    on.store.activate(tuned.base, tuned.id, "chosen")
    on.engine._tuned = {"": "Plain.", "tuned": "Arr."}
    return tuned


def last_text(on: Stage) -> str:
    return on.chat.transcript.items[-1].row.message.text


async def test_the_better_style_is_recorded_and_gone_on_with(stage: Build) -> None:
    async with stage(["4.", "It is four.", STEPWISE]).show((140, 40)) as on:
        await on.ask("2 + 2?")
        await compare(on)
        assert "1  Direct" in about(on, 1)
        assert "2  Step by step" in about(on, 2)
        assert re.search(r" tokens · \d+\.\d s · \d+/s$", about(on, 2))
        await on.pilot.press("2")
        assert outcome(on).startswith("Recorded. So far: direct 0, steps 1 (steps 100 %")
        await on.pilot.press("1")
        (made,) = on.store.preferences()
        assert (made.left_by, made.right_by, made.vote) == ("direct", "steps", "right")
        await on.pilot.press("enter")
        await on.until(lambda: on.app.screen is on.chat)
        assert last_text(on) == "It is 4."
        assert [len(item.row.siblings) for item in on.chat.transcript.items] == [1, 3]


async def test_the_left_one_is_better_or_none_is(stage: Build) -> None:
    async with stage(["4.", "Four.", STEPWISE, "Five.", STEPWISE, "6", STEPWISE]).show() as on:
        await on.ask("2 + 2?")
        for key, vote, text in (("left", "left", "Four."), ("e", "equal", "Four.")):
            await compare(on)
            await on.pilot.press(key, "enter")
            await on.until(lambda: on.app.screen is on.chat)
            assert on.store.preferences()[-1].vote == vote
            assert last_text(on) == text
        await compare(on)
        await on.pilot.press("b")
        assert "1 equal, 1 both bad" in outcome(on)


async def test_who_is_who_shows_after_the_vote(stage: Build) -> None:
    async with stage(["Hm."]).show((140, 40)) as on:
        adapt(on)
        await on.ask("Who are you?")
        await compare(on, "b")
        assert "named after your vote" in about(on, 1) + about(on, 2)
        shown = " ".join(about(on, number) for number in (1, 2))
        assert "tuned-1" not in shown
        assert "bare" not in shown
        assert re.search(r"\d s", shown) is None  # what has read the prompt before is faster
        texts = [on.store.message(id_).message.text for id_ in screen(on).answers]
        assert sorted(texts) == ["Arr.", "Plain."]
        await on.pilot.press("1" if texts[0] == "Arr." else "2")
        assert "base 0, tuned-1 1 (tuned-1 100 %" in outcome(on)
        assert "tuned-1" in about(on, texts.index("Arr.") + 1)
        assert "The bare model" in about(on, texts.index("Plain.") + 1)
        assert all(re.search(r"\d s ", about(on, number)) for number in (1, 2))
        (made,) = on.store.preferences()
        assert (made.kind, made.blind) == ("adapters", True)
        await on.until(lambda: on.engine.beside is None)


async def test_the_bare_model_is_compared_by_name(stage: Build) -> None:
    async with stage(["Hm."]).show() as on:
        adapt(on)
        await on.ask("Who are you?")
        await compare(on, "V")
        assert "The bare model" in about(on, 1)
        assert "tuned-1" in about(on, 2)
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)
        assert last_text(on) == "Arr."
        assert on.store.preferences() == ()


async def test_without_an_adapter_there_is_nothing_to_compare_with(stage: Build) -> None:
    async with stage(["Hm."]).show() as on:
        await on.ask("Who are you?")
        await on.pilot.press("escape", "b")
        await on.until(lambda: "nothing to compare" in "".join(on.said))
        assert on.app.screen is on.chat


async def test_esc_stops_and_then_closes(stage: Build) -> None:
    held = Script("one two three", hold_at=1)
    async with stage(["4.", held, STEPWISE]).show() as on:
        await on.ask("2 + 2?")
        await on.pilot.press("escape", "v")
        await shown(on)
        await on.until(on.engine.held.is_set)
        await on.pilot.press("2")
        assert on.store.preferences() == ()
        await on.pilot.press("escape")
        await on.until(lambda: "Stopped" in outcome(on))
        await on.pilot.press("1", "enter")
        assert on.store.preferences() == ()
        assert isinstance(on.app.screen, CompareScreen)
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)
        assert last_text(on) == "4."
        assert len(on.engine.requests) == 2
        await on.ask("And 3 + 3?")
        assert on.chat.turn is None


async def test_what_goes_wrong_is_told(stage: Build) -> None:
    async with stage(["4.", "Four.", Script("a b c", crash_at=1)]).show() as on:
        await on.ask("2 + 2?")
        await on.pilot.press("escape", "v")
        await shown(on)
        await on.until(lambda: "crashed" in outcome(on))
        await on.pilot.press("1", "escape")
        await on.until(lambda: on.app.screen is on.chat)
        assert on.store.preferences() == ()
        assert last_text(on) == "4."


async def test_reasoning_unfolds_on_both_sides(stage: Build) -> None:
    async with stage(["4.", "Four.", STEPWISE]).show((140, 40)) as on:
        await on.ask("2 + 2?")
        await compare(on)
        (item,) = screen(on).query_one("#side-2 Answers").items  # type: ignore[attr-defined]
        assert not item.unfolded
        await on.pilot.press("o")
        assert item.unfolded


async def test_both_answers_scroll_together(stage: Build) -> None:
    long = "\n\n".join(f"Line {number}." for number in range(80))
    async with stage(["4.", long, f"Hm.\nAnswer: {long}"]).show((140, 40)) as on:
        await on.ask("2 + 2?")
        await compare(on)
        views = [screen(on).query_one(f"#side-{number}", SideView).view for number in (1, 2)]
        for key, rows in (("down", 1), ("pagedown", 11), ("k", 10), ("pageup", 0)):
            await on.pilot.press(key)
            assert [view.scroll_y for view in views] == [rows, rows]


async def test_esc_before_anything_is_asked_for_stops_it(stage: Build) -> None:
    async with stage(["4.", "Four."]).show() as on:
        await on.ask("2 + 2?")
        on.chat.action_compare()
        assert on.chat.comparison is not None
        on.chat.comparison.screen.action_leave()
        await shown(on)
        await on.until(lambda: "Stopped" in outcome(on))
        assert len(on.engine.requests) == 1


async def test_sides_that_are_found_late_are_those_of_the_answer_that_was_meant(
    stage: Build,
) -> None:
    async with stage(["Hm."]).show() as on:
        adapt(on)
        await on.ask("Who are you?")
        on.chat.action_compare_blind()
        on.chat.action_new()
        await on.until(lambda: "not shown any more" in "".join(on.said))
        assert on.app.screen is on.chat


async def test_an_adapter_that_is_left_out_of_both_is_told(stage: Build) -> None:
    error = AdapterError("Its file is damaged; tune again.")
    async with stage(["4.", "Four.", STEPWISE], adapter_error=error).show() as on:
        await on.ask("2 + 2?")
        adapt(on)
        await compare(on)
        assert "tuned-1 is left out of this answer" in on.said[0]


async def test_narrow_terminals_stack_the_sides(stage: Build) -> None:
    async with stage(["4.", "Four.", STEPWISE]).show((80, 24)) as on:
        await on.ask("2 + 2?")
        await compare(on)
        first, second = (screen(on).query_one(f"#side-{n}").region for n in (1, 2))
        assert first.x == second.x
        assert first.bottom <= second.y
        await on.pilot.resize_terminal(120, 30)
        await on.pilot.pause()
        first, second = (screen(on).query_one(f"#side-{n}").region for n in (1, 2))
        assert first.y == second.y
