"""Searching in the app: as one types, and going to the message."""

from __future__ import annotations

from collections.abc import Callable

from textual.widgets import Input, OptionList, Static

from localai.conversation import Message, ToolCall, ToolResult, assistant, user
from localai.store.store import Store
from tests.tui.stage import Stage, talk, write
from tui.screens.search import HINT, SearchScreen

Build = Callable[..., Stage]


def hits(on: Stage) -> list[str]:
    """What the list shows."""
    if not isinstance(on.app.screen, SearchScreen):
        return []
    return [str(option.prompt) for option in on.app.screen.query_one(OptionList).options]


def outcome(on: Stage) -> str:
    """The line above the list."""
    if not isinstance(on.app.screen, SearchScreen):
        return ""
    return str(on.app.screen.query_one("#outcome", Static).render())


async def search(on: Stage, text: str) -> None:
    """Open the screen and type."""
    await on.pilot.press("ctrl+f")
    await on.until(lambda: isinstance(on.app.screen, SearchScreen))
    on.app.screen.query_one(Input).value = text


async def test_enter_goes_to_the_message_that_was_found(stage: Build) -> None:
    staged = stage()
    write(staged.database, [*talk(30), user("Why zebras?"), *talk(30)[1:]], "Long")
    write(staged.database, talk(2), "Other")
    async with staged.show() as on:
        await on.pilot.press("ctrl+f", *"zeb")
        await on.until(lambda: len(hits(on)) == 1)
        assert hits(on)[0].startswith("Long  user, ")
        assert hits(on)[0].endswith("\n  Why zebras?")
        await on.pilot.press("enter")
        await on.until(lambda: "Why zebras?" in on.text)
        assert on.chat.transcript.has_focus
        cursor = on.chat.transcript.cursor
        assert cursor is not None
        assert on.chat.transcript.items[cursor].row.message.text == "Why zebras?"


async def test_a_message_on_another_branch_is_shown_there(stage: Build) -> None:
    staged = stage()
    talked = write(staged.database, [user("Which animal?"), assistant("A zebra"), *talk(1)])
    with Store.open(staged.database) as store:
        question, zebra, *_ = store.path(talked.leaf)
        store.add_message(talked.id, question.id, assistant("A horse"))
    async with staged.show() as on:
        on.chat.open_conversation(talked.id)
        assert "A horse" in on.text
        await search(on, "zebra")
        await on.until(lambda: hits(on))
        await on.pilot.press("enter")
        await on.until(lambda: "A zebra" in on.text)
        assert "Answer 0" in on.text
        assert on.chat.transcript.index_of(zebra.id) == on.chat.transcript.cursor


async def test_a_result_is_found_at_the_call(stage: Build) -> None:
    staged = stage()
    called = Message("assistant", (ToolCall("1", "calculator", {}),))
    result = Message("tool", (ToolResult("1", "4"),))
    write(staged.database, [user("2 + 2?"), called, result, assistant("Four")])
    async with staged.show() as on:
        await search(on, "role:tool")
        await on.until(lambda: hits(on))
        await on.pilot.press("enter")
        await on.until(lambda: on.app.screen is on.chat and on.chat.transcript.items)
        assert on.chat.transcript.cursor == 1


async def test_the_outcome_is_said(stage: Build) -> None:
    staged = stage()
    write(staged.database, talk(2))
    async with staged.show() as on:
        await search(on, "answer")
        await on.until(lambda: outcome(on) == "2 messages")
        on.app.screen.query_one(Input).value = "zebra"
        await on.until(lambda: outcome(on) == "Nothing was found.")
        assert hits(on) == []
        on.app.screen.query_one(Input).value = "colour:red"
        await on.until(lambda: outcome(on).startswith("There is no filter colour:"))
        await on.pilot.press("enter")
        assert isinstance(on.app.screen, SearchScreen)
        on.app.screen.query_one(Input).value = ""
        await on.until(lambda: outcome(on) == HINT)


async def test_the_arrows_choose_and_esc_leaves(stage: Build) -> None:
    staged = stage()
    write(staged.database, talk(3))
    async with staged.show() as on:
        await search(on, "question")
        await on.until(lambda: len(hits(on)) == 3)
        await on.pilot.press("down", "down", "up")
        assert on.app.screen.query_one(OptionList).highlighted == 1
        await on.pilot.press("escape")
        assert on.app.screen is on.chat
        assert on.chat.conversation is None
        await on.pilot.press("ctrl+f")
        await on.until(lambda: len(hits(on)) == 3)  # begins with what was typed last


async def test_what_was_said_is_never_markup(stage: Build) -> None:
    staged = stage()
    write(staged.database, [user("[red]zebra[/]\x1b]0;x\x07 here")], "[b]Title")
    async with staged.show() as on:
        await search(on, "zebra")
        await on.until(lambda: hits(on))
        assert hits(on)[0].startswith("[b]Title  user")
        assert hits(on)[0].endswith("[red]zebra[/] here")


async def test_what_an_older_text_found_is_not_shown(stage: Build) -> None:
    staged = stage()
    write(staged.database, talk(2))
    async with staged.show() as on:
        await search(on, "answer")
        await on.until(lambda: len(hits(on)) == 2)
        screen = on.app.screen
        assert isinstance(screen, SearchScreen)
        screen.post_message(SearchScreen.Found(0, (), "Too late."))
        await on.pilot.pause()
        assert outcome(on) == "2 messages"
        assert len(hits(on)) == 2
