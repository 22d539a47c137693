from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from localai import config, paths
from localai.chat.inspection import Inspection
from localai.errors import StoreError, StoreNewer, UsageError
from localai.store.store import Store
from tests.tui.stage import Stage, talk, write
from tui import app as app_module
from tui.screens.inspect import InspectScreen
from tui.widgets.tokens import TokenView

Build = Callable[..., Stage]


@pytest.mark.parametrize("size", [(20, 5), (10, 3), (1, 1), (40, 10), (300, 100)])
async def test_no_size_breaks_it(stage: Build, size: tuple[int, int]) -> None:
    async with stage(["# Head\n\n- a\n\n| x | y |\n|---|---|\n| 1 | 2 |"]).show(size) as on:
        await on.ask("hello there, all of you")
        await on.pilot.press("ctrl+b", "escape", "escape", "f1")
        await on.pilot.pause()
        await on.pilot.press("escape")
        await on.pilot.resize_terminal(80, 24)
        await on.until(lambda: "hello there" in on.text)


async def test_a_small_terminal_still_shows_the_talk_and_the_prompt(stage: Build) -> None:
    async with stage().show((20, 5)) as on:
        await on.ask("hi")
        assert on.chat.transcript.size.height >= 3
        assert on.chat.prompt.size.height >= 1
        assert "Hello!" in on.text


async def test_inspecting_shows_prompt_facts_and_probabilities(stage: Build) -> None:
    async with stage(["It is four."]).show((120, 40)) as on:
        await on.ask("two and two")
        await on.pilot.press("escape", "i")
        await on.until(lambda: isinstance(on.app.screen, InspectScreen))
        await on.until(lambda: "im_start" in _content(on, "#prompt-text"))
        assert "two and two" in _content(on, "#prompt-text")
        assert "scripted" in _content(on, "#facts")
        await on.pilot.press("t", "p")
        await on.until(lambda: "It is four." in _content(on, "#token-text"))
        await on.pilot.press("right")
        assert "token 2 of" in _content(on, "#token-facts")
        assert on.app.screen.query_one(TokenView).has_focus
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)


async def test_inspecting_marks_turns_that_were_left_out(stage: Build) -> None:
    async with stage(["word " * 60], n_ctx=400).show((100, 40)) as on:
        for number in range(4):
            await on.ask(f"question {number} " + "more " * 20)
        await on.pilot.press("escape", "i")
        await on.until(lambda: isinstance(on.app.screen, InspectScreen))
        await on.until(lambda: on.app.screen.query("#dropped"))
        assert "question 0" in _content(on, "#dropped")


def _content(on: Stage, selector: str) -> str:
    return str(on.app.screen.query_one(selector).render())


async def test_an_inspection_of_another_answer_is_not_shown(stage: Build) -> None:
    async with stage().show((120, 40)) as on:
        await on.ask("hi")
        await on.pilot.press("escape", "i")
        await on.until(lambda: isinstance(on.app.screen, InspectScreen))
        await on.until(lambda: "im_start" in _content(on, "#prompt-text"))
        screen = on.app.screen
        assert isinstance(screen, InspectScreen)
        answer = msgspec.structs.replace(on.chat.transcript.items[-1].row, id="another")
        screen.show_prompt(Inspection(answer, ("what was sent for another",), ()))
        assert "im_start" in _content(on, "#prompt-text")
        screen.fail("It cannot be read\x1b]0;x\x07; try again.")
        assert _content(on, "#prompt-text") == "It cannot be read; try again."


async def test_answers_and_code_are_copied(stage: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(["Do\x1b[2J\n```sh\nls\n```"]).show() as on:
        copied: list[str] = []
        monkeypatch.setattr(on.app, "copy_to_clipboard", copied.append)
        await on.ask("how")
        await on.pilot.press("escape", "c", "y")
        assert copied == ["ls\n", "Do\n```sh\nls\n```"]


async def test_the_theme_is_kept(stage: Build) -> None:
    async with stage().show() as on:
        assert on.app.theme == "localai-dark"
        await on.pilot.press("ctrl+l")
        await on.until(lambda: on.app.theme == "localai-light")
        await on.until(lambda: config.load().app.theme == "localai-light")


async def test_a_store_that_fails_is_a_sentence(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = stage()
    write(staged.database, talk(1))
    async with staged.show((120, 30)) as on:

        def full(*_: object) -> None:
            raise StoreError("The disk is full; free some space and try again.")

        monkeypatch.setattr(on.store, "delete", full)
        await on.pilot.press("ctrl+b", "down", "d")
        await on.until(lambda: any("disk is full" in sentence for sentence in on.said))
        assert len(on.store.conversations()) == 1


async def test_an_unwritable_question_comes_back(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full; free some space and try again.")

    async with stage().show() as on:
        monkeypatch.setattr(Store, "create_conversation", full)
        on.chat.prompt.put("precious words")
        await on.pilot.press("enter")
        await on.until(lambda: on.chat.turn is None and on.said)
        assert on.chat.prompt.text == "precious words"


def test_a_folder_that_cannot_be_written_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    write(paths.database(), talk(1))
    opened = Store.open

    def readonly_disk(*args: Any, readonly: bool = False, **options: Any) -> Store:
        if not readonly:
            raise StoreError("The folder cannot be written; free it.")
        return opened(*args, readonly=True)

    monkeypatch.setattr(Store, "open", readonly_disk)
    with app_module.open_store() as store:
        assert len(store.conversations()) == 1


def test_a_newer_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def newer(*_: Any, **__: Any) -> Store:
        raise StoreNewer("This database is newer; update localai.")

    monkeypatch.setattr(Store, "open", newer)
    with pytest.raises(StoreNewer):
        app_module.open_store()


def test_without_a_terminal_it_is_a_sentence() -> None:
    with pytest.raises(UsageError, match="needs a terminal"):
        app_module.run()


def test_threads_are_only_in_the_bridge_for_reading_and_for_tasks() -> None:
    files = Path(app_module.__file__).parent.rglob("*.py")
    users = {
        file.name
        for file in files
        if any(word in file.read_text("utf-8") for word in ("threading.Thread(", "run_worker("))
    }
    assert users == {"bridge.py", "review_list.py", "search.py", "task.py"}
