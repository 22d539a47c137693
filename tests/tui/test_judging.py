"""The menu on an answer, with real keys: each choice is recorded, shown, and can be undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from textual.widgets import TextArea

from localai.chat.amending import INVENTED
from localai.config import Settings, ToolSettings
from localai.engine.scripted import Script
from localai.errors import ModelError
from localai.store.tuning import Correction
from tests.tui.stage import Stage
from tests.tui.test_calls import SUM, TEMPLATE
from tui.screens.better import BetterScreen
from tui.screens.editor import EditorScreen
from tui.screens.reasons import ReasonsScreen
from tui.screens.tool_choice import ToolChoiceScreen

Build = Callable[..., Stage]


def corrections(on: Stage) -> tuple[Correction, ...]:
    return on.store.corrections()


def last_text(on: Stage) -> str:
    return on.chat.transcript.items[-1].row.message.text


async def choose(on: Stage, key: str) -> None:
    """Open the menu on the last answer and press a key in it."""
    if not on.chat.transcript.has_focus:
        await on.pilot.press("escape")
    await on.pilot.press("m")
    await on.until(lambda: isinstance(on.app.screen, ReasonsScreen))
    await on.pilot.press(key)


async def test_an_answer_is_good_or_bad_in_two_keys(stage: Build) -> None:
    async with stage(["4."]).show() as on:
        await on.ask("2 + 2?")
        await choose(on, "g")
        await on.until(lambda: "marked good" in on.text)
        assert on.said[-1] == "Marked good: the next tune learns it."
        assert [each.source for each in on.store.examples()] == ["good"]
        await choose(on, "b")
        await on.until(lambda: "marked bad" in on.text)
        await on.pilot.press("u")
        await on.until(lambda: "marked" not in on.text)
        assert on.store.examples() == ()
        await choose(on, "escape")
        await on.until(lambda: on.app.screen is on.chat)
        assert on.store.examples() == ()


async def test_a_made_up_answer_becomes_a_careful_one_in_three_keys(stage: Build) -> None:
    async with stage(["She was a painter."]).show() as on:
        await on.ask("Who is Kelwin Prast?")
        await choose(on, "m")
        await on.until(lambda: isinstance(on.app.screen, EditorScreen))
        assert on.app.screen.query_one(TextArea).text == INVENTED
        await on.pilot.press("ctrl+s")
        await on.until(lambda: last_text(on) == INVENTED)
        (made,) = corrections(on)
        assert made.reason == "invented"
        assert "corrected by you" in on.text


async def test_what_is_proposed_is_left_without_a_question(stage: Build) -> None:
    async with stage(["She was a painter."]).show() as on:
        await on.ask("Who is Kelwin Prast?")
        await choose(on, "m")
        await on.until(lambda: isinstance(on.app.screen, EditorScreen))
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)
        assert corrections(on) == ()


async def test_the_missing_tool_is_called_in_three_keys(stage: Build) -> None:
    async with stage(["It is 122.", "It is 144."], template=TEMPLATE).show() as on:
        await on.ask("What is 12 * 12?")
        await choose(on, "t")
        await on.until(lambda: isinstance(on.app.screen, ToolChoiceScreen))
        await on.pilot.pause()
        assert json.loads(on.app.screen.query_one(TextArea).text) == {"expression": "12 * 12"}
        await on.pilot.press("enter")
        await on.until(lambda: "It is 144." in on.text and on.chat.turn is None)
        assert '▸ calculator(expression="12 * 12") → 144' in on.text
        (made,) = corrections(on)
        assert made.reason == "tool"
        assert "Correction recorded; u takes it back." in on.said
        assert (
            on.text.index("▸ calc") < on.text.index("corrected by you") < on.text.index("It is 1")
        )
        on.chat.reload()
        await on.pilot.pause()
        await on.pilot.press("u")
        await on.until(lambda: last_text(on) == "It is 122.")
        assert corrections(on) == ()


async def test_arguments_that_do_not_fit_are_told_and_kept(stage: Build) -> None:
    async with stage(["It is 122."], template=TEMPLATE).show() as on:
        await on.ask("What is 12 * 12?")
        await choose(on, "t")
        await on.until(lambda: isinstance(on.app.screen, ToolChoiceScreen))
        area = on.app.screen.query_one(TextArea)
        for typed, words in (("{", "cannot be used"), ("{}", "needs the argument")):
            area.text = typed
            await on.pilot.pause()
            await on.pilot.press("ctrl+s")
            await on.pilot.pause()
            complaint = on.app.screen.query_one("#complaint")
            assert complaint.display
            assert words in str(complaint.render())
        assert area.text == "{}"
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)
        assert corrections(on) == ()


async def test_a_tool_too_many_is_left_out_in_two_keys(stage: Build) -> None:
    async with stage([SUM, "It is 9.", "Hello!"], template=TEMPLATE).show() as on:
        await on.ask("Hi")
        await choose(on, "n")
        await on.until(lambda: "Hello!" in on.text and on.chat.turn is None)
        assert "▸ calculator" not in on.text
        (made,) = corrections(on)
        assert made.reason == "no-tool"
        assert "corrected by you" in on.text
        await on.pilot.press("u")
        await on.until(lambda: "It is 9." in on.text)


async def test_without_a_call_no_tool_was_too_many(stage: Build) -> None:
    async with stage(["Hello!"]).show() as on:
        await on.ask("Hi")
        await choose(on, "n")
        await on.pilot.pause()
        assert isinstance(on.app.screen, ReasonsScreen)


async def test_the_shorter_answer_is_better_in_three_keys(stage: Build) -> None:
    async with stage(["It is Paris, as everybody knows.", "Paris."]).show() as on:
        await on.ask("Capital of France?")
        await choose(on, "s")
        await on.until(lambda: isinstance(on.app.screen, BetterScreen))
        await on.pilot.press("2")
        await on.until(lambda: corrections(on))
        (made,) = corrections(on)
        assert made.reason == "shorter"
        await on.until(lambda: "corrected by you" in on.text)
        assert last_text(on) == "Paris."


async def test_the_first_answer_stays_where_it_is_better(stage: Build) -> None:
    async with stage(["Paris.", "Yes?", "It is Paris, as all know."]).show() as on:
        await on.ask("Capital of France?")
        await on.ask("Sure?")
        await on.pilot.press("escape", "k", "k")
        await on.pilot.press("m")
        await on.until(lambda: isinstance(on.app.screen, ReasonsScreen))
        await on.pilot.press("s")
        await on.until(lambda: isinstance(on.app.screen, BetterScreen))
        await on.pilot.press("1")
        await on.until(lambda: "The first answer stays." in on.said)
        assert corrections(on) == ()
        assert last_text(on) == "Yes?"


async def test_a_briefer_answer_that_was_stopped_is_not_compared(stage: Build) -> None:
    held = Script("one two three", hold_at=1)
    async with stage(["It is Paris.", held]).show() as on:
        await on.ask("Capital of France?")
        await choose(on, "s")
        await on.until(on.engine.held.is_set)
        await on.pilot.press("escape")
        await on.until(lambda: on.chat.turn is None)
        assert on.app.screen is on.chat


async def test_the_mouse_and_the_palette_reach_the_menu(stage: Build) -> None:
    async with stage(["4."]).show() as on:
        await on.ask("2 + 2?")
        await on.app.run_action("screen.judge", on.chat)
        await on.until(lambda: on.app.screen.query("OptionList"))
        await on.pilot.pause()
        await on.pilot.click("OptionList", offset=(6, 0))
        await on.until(lambda: "marked good" in on.text)


async def test_a_correction_is_kept_as_a_note(stage: Build, tmp_path: Path) -> None:
    settings = Settings(tools=ToolSettings(folders=(tmp_path,)))
    async with stage(["It is Rome."], settings=settings).show() as on:
        await on.ask("Which city?")
        await on.pilot.press("escape", "e")
        await on.until(lambda: isinstance(on.app.screen, EditorScreen))
        on.app.screen.query_one(TextArea).text = "It is Lutz."
        await on.pilot.press("ctrl+s")
        await on.until(lambda: on.said)
        assert on.said[-1].endswith("n keeps it as a note, too.")
        await on.pilot.press("n")
        await on.until(lambda: "Kept in" in on.said[-1])
        assert "## Which city?\n\nIt is Lutz.\n" in (tmp_path / "localai.md").read_text("utf-8")


async def test_a_tool_for_an_answer_that_is_gone_is_not_asked_for(stage: Build) -> None:
    async with stage(["It is 122."], template=TEMPLATE).show() as on:
        await on.ask("What is 12 * 12?")
        with on.thread_busy():
            await choose(on, "t")
            on.chat.open_conversation("")
        await on.until(lambda: "is not shown any more" in "".join(on.said))
        assert on.app.screen is on.chat


async def test_a_tool_is_chosen_though_the_answer_was_read_again_meanwhile(stage: Build) -> None:
    async with stage(["It is 122.", "It is 144."], template=TEMPLATE).show() as on:
        await on.ask("What is 12 * 12?")
        with on.thread_busy():
            await choose(on, "t")
            on.chat.reload()
        await on.until(lambda: isinstance(on.app.screen, ToolChoiceScreen))
        on.chat.reload()
        await on.pilot.pause()
        await on.pilot.press("enter")
        await on.until(lambda: "It is 144." in on.text and on.chat.turn is None)


async def test_a_tool_that_comes_while_an_answer_is_written_is_not_offered(stage: Build) -> None:
    held = Script("one two three", hold_at=1)
    async with stage(["It is 122.", held], template=TEMPLATE).show() as on:
        await on.ask("What is 12 * 12?")
        with on.thread_busy():
            await choose(on, "t")
            await on.pilot.press("r")
            assert on.chat.busy
        await on.until(lambda: "still being written" in "".join(on.said))
        assert on.app.screen is on.chat
        await on.until(on.engine.held.is_set)
        on.engine.release()
        await on.until(lambda: on.chat.turn is None)


async def test_an_answer_is_not_compared_with_itself(stage: Build) -> None:
    async with stage(["It is Paris, as everybody knows."]).show() as on:
        await on.ask("Capital of France?")
        on.engine._load_error = ModelError("The model is gone; pull it again.")
        await choose(on, "s")
        await on.until(lambda: "The model is gone; pull it again." in on.said)
        await on.pilot.pause()
        assert on.chat.turn is None
        assert on.app.screen is on.chat
