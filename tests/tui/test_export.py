"""Exporting and backing up in the app: a file is named, written, and never one overwritten."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from textual.widgets import OptionList, Static

from localai.conversation import user
from localai.port.writing import WRITERS
from localai.store.store import Store
from localai.store.upkeep import archive
from tests.tui.lessons import correct_all
from tests.tui.stage import Stage, talk, write
from tui.screens.backup import BackupScreen
from tui.screens.export import FORMS, ExportScreen
from tui.screens.keeping import proposal
from tui.screens.task import TaskScreen
from tui.widgets.path_input import PathInput

Build = Callable[..., Stage]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def told(on: Stage, part: str = "lines") -> str:
    """What the dialog says."""
    return str(on.app.screen.query_one(f"#{part}", Static).render())


def complained(on: Stage, sentence: str) -> bool:
    """Whether the dialog says so."""
    return sentence in told(on, "complaint")


def field(on: Stage) -> PathInput:
    return on.app.screen.query_one(PathInput)


async def shown(on: Stage, kind: type[TaskScreen]) -> None:
    """Wait until one can write the name of a file."""
    await on.until(lambda: isinstance(on.app.screen, kind))
    await on.until(lambda: isinstance(on.app.screen.focused, PathInput))


async def open_from_list(on: Stage) -> None:
    await on.pilot.press("ctrl+b", "x")
    await shown(on, ExportScreen)


def test_every_form_can_be_chosen() -> None:
    assert FORMS.keys() == WRITERS.keys()


async def test_a_conversation_is_written_under_the_name_that_is_proposed(
    stage: Build, here: Path
) -> None:
    staged = stage()
    write(staged.database, talk(1), "Why, oh why: zebras?")
    async with staged.show() as on:
        await open_from_list(on)
        assert field(on).value == str(here / "why-oh-why-zebras.md")
        await on.pilot.press("enter")
        await on.until(lambda: told(on))
        assert told(on) == f"Wrote 1 conversation to {here / 'why-oh-why-zebras.md'}"
        assert "Answer 0" in (here / "why-oh-why-zebras.md").read_text()
        await on.pilot.press("enter")
        assert on.app.screen is on.chat
        await on.pilot.press("x")
        await shown(on, ExportScreen)
        assert field(on).value == str(here / "why-oh-why-zebras-2.md")


async def test_another_form_changes_the_ending_of_our_own_names_only(
    stage: Build, here: Path
) -> None:
    staged = stage()
    write(staged.database, talk(1), "Zebras")
    async with staged.show() as on:
        await open_from_list(on)
        await on.pilot.press("down")
        await on.until(lambda: field(on).value == str(here / "zebras.json"))
        await on.pilot.press("up", "up")
        await on.until(lambda: field(on).value == str(here / "zebras.jsonl"))
        field(on).value = "zebras.txt"
        await on.pilot.press("down", "down")
        await on.until(lambda: on.app.screen.query_one(OptionList).highlighted == 1)
        assert field(on).value == "zebras.txt"
        await on.pilot.press("enter")
        await on.until(lambda: told(on))
        assert json.loads((here / "zebras.txt").read_text())["conversations"][0]["title"]


async def test_a_file_that_is_there_stays(stage: Build, here: Path) -> None:
    staged = stage()
    write(staged.database, talk(1))
    (here / "mine.md").write_text("mine")
    async with staged.show() as on:
        await open_from_list(on)
        field(on).value = "mine.md"
        await on.pilot.press("enter")
        await on.until(lambda: "is there already" in told(on, "complaint"))
        field(on).value = ""
        await on.pilot.press("enter")
        await on.until(lambda: "Write the name" in told(on, "complaint"))
        for impossible in ("no/such/folder.md", "x" * 300, "mine.md/x.md"):
            field(on).value = impossible
            await on.pilot.press("enter")
            sentence = f"{impossible} cannot be written"
            await on.until(partial(complained, on, sentence))
        assert (here / "mine.md").read_text() == "mine"
        assert [path.name for path in here.iterdir()] == ["mine.md"]


@pytest.mark.parametrize(
    ("text", "name"), [("mine", "mine.html"), ("v1.2", "v1.2"), ("", "zebras.html")]
)
async def test_a_name_without_ending_and_a_folder(
    stage: Build, here: Path, text: str, name: str
) -> None:
    staged = stage()
    write(staged.database, talk(1), "Zebras")
    async with staged.show() as on:
        await open_from_list(on)
        await on.pilot.press("down", "down")
        field(on).value = f"{here}/{text}"
        await on.pilot.press("enter")
        await on.until(lambda: told(on))
        assert [path.name for path in here.iterdir()] == [name]
        assert (here / name).read_text().startswith("<!DOCTYPE html>")


async def test_all_conversations_go_into_one_file(stage: Build, here: Path) -> None:
    staged = stage()
    for title in ("One", "Two"):
        write(staged.database, talk(1), title)
    async with staged.show() as on:
        await on.pilot.press("ctrl+p", *"Export all")
        await on.until(lambda: on.app.screen.query_one(OptionList).option_count == 1)
        await on.pilot.press("enter")
        await shown(on, ExportScreen)
        await on.pilot.press("enter")
        await on.until(lambda: told(on) == f"Wrote 2 conversations to {here / 'conversations.md'}")


async def test_corrections_that_are_not_there(stage: Build, here: Path) -> None:
    staged = stage()
    write(staged.database, talk(1), "Zebras")
    async with staged.show() as on:
        await open_from_list(on)
        await on.pilot.press("up", "enter")
        await on.until(lambda: told(on))
        assert told(on) == f"No correction is in force. {here / 'zebras.jsonl'} is empty."


async def test_what_has_not_begun_cannot_be_exported(stage: Build) -> None:
    async with stage().show() as on:
        on.chat.action_export()
        await on.until(lambda: "nothing to export" in "".join(on.said))


def test_a_name_is_proposed_for_any_title(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert proposal("../\x00 a/b") == here / "a-b"
    assert proposal("???") == here / "conversations"
    assert proposal("Größe" * 20).name == "größe" * 8
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert proposal("a") == Path("/somewhere/a")


async def test_a_backup_says_what_it_holds(stage: Build, home: Path) -> None:
    async with stage().show() as on:
        correct_all(on.store)
        await on.pilot.press("ctrl+p", *"Back up")
        await on.until(lambda: on.app.screen.query_one(OptionList).option_count == 1)
        await on.pilot.press("enter")
        await shown(on, BackupScreen)
        assert field(on).value.startswith(f"{home / 'backups' / 'localai-'}")
        await on.pilot.press("enter")
        await on.until(lambda: "read back: 3 conversations, 9 messages" in told(on))
        (made,) = (home / "backups").iterdir()
        assert archive.verify(made).messages == 9
        assert str(made) in told(on)
        await on.pilot.press("escape")
        assert on.app.screen is on.chat


async def test_a_backup_goes_where_it_is_told(stage: Build, here: Path) -> None:
    async with stage().show() as on:
        on.store.create_conversation("Kept")
        on.chat.action_back_up()
        await shown(on, BackupScreen)
        (here / "mine.tar").write_text("mine")
        for name, sentence in (
            ("mine.tar", "is there already"),
            ("mine.zip", "does not end in .tar"),
            ("x" * 300 + ".tar", "cannot be written"),
        ):
            field(on).value = name
            await on.pilot.press("enter")
            await on.until(partial(complained, on, sentence))
        field(on).value = str(here)
        await on.pilot.press("enter")
        await on.until(lambda: "read back: 1 conversation" in told(on))
        assert (here / "mine.tar").read_text() == "mine"
        assert len(list(here.glob("localai-*.tar"))) == 1


async def test_a_title_cannot_drive_the_terminal(stage: Build) -> None:
    staged = stage()
    write(staged.database, [user("Hi")], "[b]x[/]\x1b]0;x\x07")
    with Store.open(staged.database) as store:
        assert "\x1b" in store.conversations()[0].title
    async with staged.show() as on:
        await open_from_list(on)
        assert told(on, "title") == "Export “[b]x[/]”"


async def test_every_form_proposes_a_name_that_no_file_has(stage: Build, here: Path) -> None:
    staged = stage()
    write(staged.database, talk(1), "Zebras")
    for ending in ("md", "json"):
        (here / f"zebras.{ending}").write_text("mine")
    async with staged.show() as on:
        await open_from_list(on)
        assert field(on).value == str(here / "zebras-2.md")
        await on.pilot.press("down")
        await on.until(lambda: field(on).value == str(here / "zebras-2.json"))
        await on.pilot.press("down")
        await on.until(lambda: field(on).value == str(here / "zebras.html"))
        field(on).value = "mine.html"
        await on.pilot.press("up")
        await on.until(lambda: field(on).value == "mine.json")
