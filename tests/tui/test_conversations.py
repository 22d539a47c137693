from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from textual.selection import Selection
from textual.widgets import Input

from localai.conversation import user
from localai.store.store import Store
from tests.tui.stage import Stage, talk, write
from tui.widgets.sidebar import day_name

Build = Callable[..., Stage]
TODAY = date(2026, 3, 12)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 3, 12), "Today"),
        (date(2026, 3, 13), "Today"),
        (date(2026, 3, 11), "Yesterday"),
        (date(2026, 3, 7), "Saturday"),
        (date(2026, 3, 5), "5 March"),
        (date(2025, 12, 31), "December 2025"),
    ],
)
def test_days_have_names(day: date, name: str) -> None:
    assert day_name(day, TODAY) == name


async def test_a_time_that_no_clock_has_shown_is_listed(stage: Build) -> None:
    staged = stage()
    write(staged.database, talk(2), "No time")
    with Store.open(staged.database) as store, store._db.write() as db:
        db.execute("UPDATE conversations SET updated = 1e300")
    async with staged.show((120, 30)) as on:
        await on.pilot.press("ctrl+b", "enter")
        await on.until(lambda: "Answer 1" in on.text)


async def test_a_conversation_opens_from_the_list(stage: Build) -> None:
    staged = stage()
    write(staged.database, talk(2), "An older talk")
    async with staged.show((120, 30)) as on:
        await on.pilot.press("ctrl+b", "enter")
        await on.until(lambda: "Answer 1" in on.text)
        assert on.chat.prompt.has_focus


async def test_drafts_stay_with_their_conversations(stage: Build) -> None:
    staged = stage()
    one = write(staged.database, talk(1), "One")
    two = write(staged.database, talk(1), "Two")
    async with staged.show() as on:
        on.chat.open_conversation(one.id)
        await on.pilot.press("a", "b")
        on.chat.open_conversation(two.id)
        assert on.chat.prompt.text == ""
        on.chat.open_conversation(one.id)
        assert on.chat.prompt.text == "ab"


async def test_prompts_of_the_conversation_are_recalled(stage: Build) -> None:
    staged = stage()
    one = write(staged.database, talk(2))
    async with staged.show() as on:
        on.chat.open_conversation(one.id)
        await on.pilot.press("up", "up")
        assert on.chat.prompt.text == "Question 0"


async def test_delete_can_be_undone(stage: Build) -> None:
    staged = stage()
    one = write(staged.database, talk(1), "One")
    async with staged.show((120, 30)) as on:
        on.chat.open_conversation(one.id)
        await on.pilot.press("ctrl+b", "d")
        await on.until(lambda: on.store.conversations() == ())
        assert on.chat.transcript.items == []
        await on.pilot.press("u")
        await on.until(lambda: on.store.conversations() != ())
        assert on.chat.sidebar.option_count == 2


async def test_rename(stage: Build) -> None:
    staged = stage()
    one = write(staged.database, talk(1), "One")
    async with staged.show() as on:
        on.chat.open_conversation(one.id)
        await on.pilot.press("f2")
        await on.pilot.pause()
        await on.pilot.press("end", "x", "enter")
        await on.until(lambda: on.store.conversation(one.id).title == "Onex")


async def test_a_title_is_never_markup(stage: Build) -> None:
    staged = stage()
    write(staged.database, [user("hi")], "[red]x[/] \x1b[31m")
    async with staged.show((120, 30)) as on:
        option = on.chat.sidebar.get_option_at_index(1)
        assert str(option.prompt) == "[red]x[/]"


async def test_the_palette_finds_conversations_and_actions(stage: Build) -> None:
    staged = stage()
    write(staged.database, talk(1), "Zebras of the plain")
    async with staged.show() as on:
        await on.pilot.press("ctrl+p")
        await on.pilot.press(*"Zebras")
        await on.until(lambda: on.app.screen.query("OptionList").first().option_count > 0)  # type: ignore[attr-defined]
        await on.pilot.press("enter")
        await on.until(lambda: on.app.screen is on.chat)
        await on.until(lambda: "Answer 0" in on.text)


async def test_an_unknown_conversation_is_a_sentence(stage: Build) -> None:
    async with stage(conversation="nope").show() as on:
        await on.until(lambda: on.said)
        assert on.chat.conversation is None


async def test_stored_text_cannot_drive_the_terminal(stage: Build) -> None:
    staged = stage()
    hostile = "Say\x1b]0;x\x07 it"
    stored = write(staged.database, [user(hostile)], hostile)
    async with staged.show() as on:
        on.chat.open_conversation(stored.id)
        await on.pilot.press("up")
        assert on.chat.prompt.text == "Say it"
        assert on.chat.transcript.get_selection(Selection(None, None)) == ("Say it", "\n")
        await on.pilot.press("f2")
        await on.until(lambda: on.app.screen.query(Input))
        assert on.app.screen.query_one(Input).value == "Say it"
