"""Examples are edited and written from scratch; nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.widgets import Input, TextArea

from localai.conversation import Message, ToolCall, assistant
from localai.store.rows import Origin
from tests.tui.lessons import tell
from tests.tui.reviews import (
    CAPITAL,
    GREETING,
    content,
    current,
    open_all,
    open_review,
    review,
    reviewing,
    rows,
    sample,
)
from tests.tui.stage import Stage
from tui.screens.confirm import ConfirmScreen
from tui.screens.dialogue import DialogueScreen
from tui.screens.editor import EditorScreen

Build = Callable[..., Stage]


async def test_a_corrected_answer_is_edited(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await on.pilot.press("e")
        await on.until(lambda: isinstance(on.app.screen, EditorScreen))
        on.app.screen.query_one(TextArea).text = "It is Old Lutz."
        await on.pilot.press("ctrl+s")
        await on.until(lambda: on.app.screen is review(on))
        assert (rows(on)[0].answer, rows(on)[0].state) == ("It is Old Lutz.", "accepted")
        assert current(on) == CAPITAL
        assert len(rows(on)) == 4
        assert [row.answer for row in on.store.examples(source="correction")][:1] == [
            "It is Old Lutz."
        ]
        assert content(on, "#headline").endswith("○ 3 pending   ✓ 4 accepted   ✗ 1 rejected")


async def test_a_good_answer_that_is_edited_is_a_correction(stage: Build) -> None:
    async with stage().show() as on:
        said = tell(on.store, GREETING, "Say ahoy.")
        on.store.mark(said.id, "good")
        later = on.store.add_message(said.conversation, said.id, assistant("And on it went."))
        await open_review(on)
        await on.pilot.press("e")
        await on.until(lambda: isinstance(on.app.screen, EditorScreen))
        assert "stays with the old answer" in str(on.app.screen.query_one(".hint").render())
        on.app.screen.query_one(TextArea).text = "Say ahoy, captain."
        await on.pilot.press("ctrl+s")
        await on.until(lambda: on.app.screen is review(on))
        (example,) = on.store.examples()
        assert (example.source, example.answer) == ("correction", "Say ahoy, captain.")
        assert on.store.verdicts([said.id]) == {}
        assert on.store.conversation(said.conversation).leaf == later.id


async def test_a_whole_dialogue_is_edited(stage: Build) -> None:
    async with stage().show() as on:
        sample(on.store)
        await open_all(on)
        await on.pilot.press("e")
        await on.until(lambda: isinstance(on.app.screen, DialogueScreen))
        area = on.app.screen.query_one(TextArea)
        assert area.text.startswith("## System\n\nTalk like a pirate.\n\n## User\n\nHello")
        assert not on.app.screen.query(Input)
        area.text = "## User\n\nHello\n\n## Assistant\n\n```call\n{}\n```\n"
        await on.pilot.press("ctrl+s")
        complaint = on.app.screen.query_one("#complaint")
        await on.until(lambda: "A call is written as" in str(complaint.render()))
        area.text = "## User\n\nHello there\n\n## Assistant\n\nArr!\n"
        await on.pilot.press("ctrl+s")
        await on.until(lambda: on.app.screen is review(on))
        assert (rows(on)[0].question, rows(on)[0].answer) == ("Hello there", "Arr!")
        assert "Arr!" in content(on, "#said")
        assert on.store.example(rows(on)[0].id).answer == "Arr!"


async def test_an_example_is_written_from_scratch(stage: Build) -> None:
    async with stage().show() as on:
        await open_review(on)
        await on.pilot.press("n")
        await on.until(lambda: isinstance(on.app.screen, DialogueScreen))
        screen = on.app.screen
        await on.pilot.press(*"Who are you?", "ctrl+s")
        await on.until(lambda: "turn of the example is empty" in complaint_of(screen))
        await on.pilot.press("down", "down", "down", "down", *"A [b]pirate[/]!")
        screen.query_one(Input).value = " pirates "
        await on.pilot.press("ctrl+s")
        await on.until(lambda: on.app.screen is review(on))
        (example,) = on.store.examples(name="pirates")
        assert (example.source, example.state) == ("written", "accepted")
        assert (example.question, example.answer) == ("Who are you?", "A [b]pirate[/]!")
        assert current(on) == "Who are you?"
        assert "A [b]pirate[/]!" in content(on, "#said")


def complaint_of(screen: Any) -> str:
    return str(screen.query_one("#complaint").render())


async def test_a_call_is_shown_but_not_edited_as_text(stage: Build) -> None:
    async with stage().show() as on:
        said = tell(on.store, "2 * 3?", "It is 5.")
        row = on.store.begin_answer(said.conversation, said.parent, Origin("scripted"))
        call = Message("assistant", (ToolCall("c1", "calculator", {"expression": "2*3"}),))
        called = on.store.finish_answer(row.id, call, None, "done")
        on.store.prefer(said.id, called.id, "tool")
        await open_review(on)
        assert 'calculator {"expression": "2*3"}' in content(on, "#said")
        await on.pilot.press("e")
        assert "is a call of a tool" in on.said[-1]
        assert on.app.screen is review(on)


async def test_what_was_written_is_not_thrown_away_unasked(stage: Build) -> None:
    async with stage().show() as on:
        await open_review(on)
        await on.pilot.press("n")
        await on.until(lambda: isinstance(on.app.screen, DialogueScreen))
        await on.pilot.press(*"Hm", "escape")
        await on.until(lambda: isinstance(on.app.screen, ConfirmScreen))
        await on.pilot.press("n")
        assert "Hm" in on.app.screen.query_one(TextArea).text
        await on.pilot.press("escape", "y")
        await on.until(lambda: on.app.screen is review(on))
        assert on.store.examples() == ()


async def test_a_decision_about_what_was_edited_is_undone(stage: Build) -> None:
    async with stage().show() as on:
        sample(on.store)
        await open_all(on)
        first = rows(on)[0]
        await on.pilot.press("r")
        await on.until(lambda: on.store.example(first.id).state == "rejected")
        await on.pilot.press("up", "e")
        await on.until(lambda: isinstance(on.app.screen, DialogueScreen))
        on.app.screen.query_one(TextArea).text = "## User\n\nHello\n\n## Assistant\n\nArr!\n"
        await on.pilot.press("ctrl+s")
        await on.until(lambda: on.app.screen is review(on))
        edited = rows(on)[0]
        assert edited.id != first.id
        await on.pilot.press("u")
        await on.until(lambda: on.store.example(edited.id).state == first.state)
        assert on.said == []
