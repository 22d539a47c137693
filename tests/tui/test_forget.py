"""Forgetting in the app: what goes is listed, a word confirms it, every trace is gone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from textual.widgets import Input, Static

from localai import paths
from localai.conversation import Message as Said
from localai.conversation import ToolResult, assistant, user
from localai.errors import StoreError
from localai.store.backup import back_up
from localai.store.store import Store
from localai.store.upkeep import erasing
from tests.tui.lessons import correct_all, promote, tell
from tests.tui.stage import Stage, talk, write
from tui.screens.forget import ForgetScreen
from tui.screens.search import SearchScreen

Build = Callable[..., Stage]
SECRET = "zanzibar"


def told(on: Stage, part: str = "lines") -> str:
    """What the dialog says."""
    if not isinstance(on.app.screen, ForgetScreen) or not on.app.screen.query("#keys"):
        return ""
    return str(on.app.screen.query_one(f"#{part}", Static).render())


async def listed(on: Stage) -> None:
    """Wait until the dialog asks for the word."""
    await on.until(lambda: told(on))
    await on.until(lambda: isinstance(on.app.screen.focused, Input))


async def confirm(on: Stage) -> None:
    """Type the word, and wait for the end."""
    await on.pilot.press(*"forget", "enter")
    await on.until(lambda: told(on).startswith("Forgotten."))


def traces(folder: Path) -> list[str]:
    """The files that have the secret."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if SECRET.encode() in path.read_bytes()]


async def test_a_conversation_goes_with_every_trace(stage: Build, tmp_path: Path) -> None:
    staged = stage(["Hello!"])
    kept = write(staged.database, talk(1), "Kept")
    gone = write(staged.database, [user(f"My {SECRET}"), assistant(SECRET)], f"My {SECRET}")
    with Store.open(staged.database) as store:
        back_up(store._db.connection, staged.database, "daily")
    async with staged.show((100, 30)) as on:
        on.chat.open_conversation(gone.id)
        await on.ask("And more?")
        await on.pilot.press("ctrl+f", *SECRET, "escape", "ctrl+b", "D")
        await listed(on)
        assert told(on, "title") == f"Forget the conversation “My {SECRET}”"
        assert "  4 messages\n" in told(on)
        assert f"1 whole conversation:\n    “My {SECRET}”" in told(on)
        assert "1 copy of the history, replaced by a clean one" in told(on)
        await confirm(on)
        assert on.engine.state == "stopped"
        assert on.text.strip().startswith("Ask anything.")
        await on.pilot.press("enter")
        assert on.app.screen is on.chat
        assert on.store.conversation_ids() == (kept.id,)
        assert traces(tmp_path) == []
        await on.ask("Still there?")
        assert "Hello!" in on.text


async def test_enter_alone_erases_nothing(stage: Build) -> None:
    staged = stage()
    write(staged.database, talk(1), "Kept")
    async with staged.show() as on:
        await on.pilot.press("ctrl+b", "D")
        await listed(on)
        await on.pilot.press("enter")
        await on.until(lambda: "type the word forget first" in told(on, "complaint"))
        await on.pilot.press(*"yes", "enter", "y", "enter")
        await on.until(lambda: "type the word forget first" in told(on, "complaint"))
        await on.pilot.press("escape")
        assert on.app.screen is on.chat
        assert len(on.store.conversation_ids()) == 1


async def test_a_message_goes_with_what_follows(stage: Build) -> None:
    staged = stage()
    talked = write(staged.database, talk(3))
    async with staged.show() as on:
        on.chat.open_conversation(talked.id)
        await on.pilot.press("escape", "k", "k", "D")
        await listed(on)
        assert told(on, "title") == "Forget “Answer 1”"
        assert "  3 messages\n" in told(on)
        assert "whole conversation" not in told(on)
        await confirm(on)
        await on.pilot.press("escape")
        await on.until(lambda: "Answer 1" not in on.text)
        assert "Question 1" in on.text
        assert on.chat.conversation_id == talked.id


async def test_an_adapter_that_learned_is_retired_and_a_tune_is_offered(
    stage: Build, tmp_path: Path
) -> None:
    program = "print('begun', flush=True); raise SystemExit('Nothing to learn.')"
    staged = stage(["Hello!"], tune=(sys.executable, "-c", program))
    async with staged.show((100, 40)) as on:
        on.chat.bridge.warm()
        correct_all(on.store)
        made = promote(on.store, on.model)
        await on.until(lambda: on.chat.status_line.status.adapter == made.name)
        learned = on.store.corrections()[0]
        on.chat.open_conversation(on.store.message(learned.chosen).conversation)
        await on.pilot.press("ctrl+b", "D")
        await listed(on)
        assert f"1 adapter that learned from it: {made.name}" in told(on)
        assert "1 correction\n" in told(on)
        assert "1 tune run with verdicts and answers" in told(on)
        await confirm(on)
        assert "learn the rest again: t" in told(on)
        await on.until(lambda: on.chat.status_line.status.adapter == "")
        await on.pilot.press("t")
        await on.until(lambda: any("The tune has started" in said for said in on.said))
        assert on.app.screen is on.chat
        assert on.store.adapters() == ()
        await on.ask("Who answers?")
        assert on.engine.load().adapter == ""


async def test_nothing_is_offered_where_nothing_is_left_to_learn(stage: Build) -> None:
    async with stage().show() as on:
        answer = tell(on.store, "Where?", "There.")
        on.store.add_correction(answer.id, "Here.")
        promote(on.store, on.model)
        on.store.write_example((user("Ahoy?"), assistant("Ahoy!")), name="pirate")
        on.chat.open_conversation(answer.conversation)
        await on.pilot.press("ctrl+b", "D")
        await listed(on)
        await confirm(on)
        assert "had learned from nothing else that is left" in told(on)
        await on.pilot.press("t")
        assert isinstance(on.app.screen, ForgetScreen)


async def test_a_tune_is_offered_where_an_answer_that_was_called_good_is_left(
    stage: Build,
) -> None:
    async with stage().show() as on:
        on.store.mark(tell(on.store, "When?", "Now.").id, "good")
        answer = tell(on.store, "Where?", "There.")
        on.store.add_correction(answer.id, "Here.")
        promote(on.store, on.model)
        on.chat.open_conversation(answer.conversation)
        await on.pilot.press("ctrl+b", "D")
        await listed(on)
        await confirm(on)
        assert "learn the rest again: t" in told(on)
        assert "t starts a tune" in told(on, "keys")


async def test_everything_that_matches_a_search(stage: Build, tmp_path: Path) -> None:
    staged = stage()
    kept = write(staged.database, talk(1), "Kept")
    write(staged.database, [user(f"The {SECRET} again"), assistant("Yes")], "One")
    result = Said("tool", (ToolResult("1", f"{SECRET}!"),))
    write(staged.database, [user("A tool?"), result], "Two")
    async with staged.show() as on:
        await on.pilot.press("ctrl+f", *f"{SECRET} again", "f8")
        await listed(on)
        assert told(on, "title") == f"Forget everything with the words “{SECRET} again”"
        await on.pilot.press("escape")
        assert isinstance(on.app.screen, SearchScreen)
        on.app.screen.query_one(Input).value = SECRET
        await on.until(lambda: on.app.screen.query("#hits"))
        await on.pilot.press("f8")
        await listed(on)
        assert "  3 messages\n" in told(on)
        await confirm(on)
        await on.pilot.press("enter")
        outcome = on.app.screen.query_one("#outcome", Static)
        await on.until(lambda: str(outcome.render()) == "Nothing was found.")
        await on.pilot.press("escape")
        assert kept.id in on.store.conversation_ids()
        assert traces(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "Write the words"),
        ("zebra role:user", "leave out filters"),
        ("zebra -stripes", "leave out filters"),
        ("colour:red", "There is no filter colour:"),
    ],
)
async def test_what_the_words_of_a_search_cannot_name(
    stage: Build, words: str, sentence: str
) -> None:
    staged = stage()
    write(staged.database, [user("zebra stripes")])
    async with staged.show() as on:
        await on.pilot.press("ctrl+f")
        await on.until(lambda: on.app.screen.query(Input))
        on.app.screen.query_one(Input).value = words
        await on.pilot.pause()
        await on.pilot.press("f8")
        await on.until(lambda: any(sentence in said for said in on.said))
        assert isinstance(on.app.screen, SearchScreen)


async def test_words_that_nobody_said(stage: Build) -> None:
    staged = stage()
    write(staged.database, [user("zebras")])
    async with staged.show() as on:
        await on.pilot.press("ctrl+f", *"zebra", "f8")
        await on.until(lambda: told(on) == "Nothing in the history has the words 'zebra'.")
        await on.pilot.press("enter")
        assert isinstance(on.app.screen, SearchScreen)


async def test_a_tune_that_runs_is_not_disturbed(stage: Build) -> None:
    staged = stage()
    write(staged.database, talk(1))
    lock = FileLock(paths.tune_lock(staged.database.parent))
    async with staged.show() as on:
        await on.pilot.press("ctrl+b", "D")
        await listed(on)
        with lock:
            await on.pilot.press(*"forget", "enter")
            await on.until(lambda: "A tune is running" in told(on, "complaint"))
        assert len(on.store.conversation_ids()) == 1
        await on.pilot.press("enter")
        await on.until(lambda: told(on).startswith("Forgotten."))


async def test_what_was_left_is_finished_by_trying_again(
    stage: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = stage()
    write(staged.database, [user(SECRET)], SECRET)

    def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    async with staged.show() as on:
        await on.pilot.press("ctrl+b", "D")
        await listed(on)
        with monkeypatch.context() as patch:
            patch.setattr(erasing, "_remove_traces", full)
            await on.pilot.press(*"forget", "enter")
            await on.until(lambda: "traces of it are left. The disk" in told(on, "complaint"))
        assert on.chat.sidebar.pointed == ""
        assert traces(tmp_path)
        await on.pilot.press("enter")
        await on.until(lambda: told(on).startswith("Forgotten."))
        assert traces(tmp_path) == []


async def test_an_answer_that_is_written_is_waited_for(stage: Build) -> None:
    async with stage(["Hello!"]).show() as on:
        on.chat.busy = True
        write(on.database, talk(1))
        on.chat.open_conversation("")
        await on.pilot.press("ctrl+b", "D")
        await on.until(lambda: any("still being written" in said for said in on.said))
        on.chat.busy = False


async def test_there_may_be_nothing_to_forget(stage: Build) -> None:
    async with stage().show() as on:
        on.chat.action_forget()
        await on.until(lambda: any("no conversation to forget" in said for said in on.said))


@pytest.mark.parametrize("size", [(10, 3), (300, 100)])
async def test_no_size_breaks_the_dialog(stage: Build, size: tuple[int, int]) -> None:
    staged = stage()
    for number in range(12):
        write(staged.database, talk(1), f"Talk {number}")
    async with staged.show(size) as on:
        on.chat.forget_mentions("question")
        await listed(on)
        await on.pilot.press("pagedown", "tab", "enter", "pageup", "escape")
        await on.until(lambda: on.app.screen is on.chat)


async def test_a_long_list_is_scrolled_while_one_types(stage: Build) -> None:
    staged = stage()
    for number in range(12):
        write(staged.database, talk(1), f"Talk {number}")
    async with staged.show() as on:
        on.chat.forget_mentions("question")
        await listed(on)
        assert "and 2 more" in told(on)
        await on.until(lambda: "page down scrolls" in told(on, "keys"))
        await on.pilot.press("pagedown")
        await on.until(lambda: on.app.screen.query_one("#outcome").scroll_y > 0)
        await confirm(on)
        assert told(on, "keys") == "enter closes"
