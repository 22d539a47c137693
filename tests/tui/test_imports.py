"""Importing in the app: a path, what would be added, the import."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from textual import events
from textual.widgets import Input, Static

from localai.port import lossless, reading
from localai.store.store import Store
from tests.port import samples
from tests.tui.lessons import FACTS, tell
from tests.tui.stage import Stage, talk, write
from tui.screens.imports import ImportScreen
from tui.widgets.path_input import PathInput

Build = Callable[..., Stage]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A download of ChatGPT with one conversation and one broken entry."""
    return samples.zipped(tmp_path / "export.zip", conversations=[samples.talk(), {"mapping": 5}])


def told(on: Stage, part: str = "lines") -> str:
    """What the dialog says."""
    if not isinstance(on.app.screen, ImportScreen):
        return ""
    return str(on.app.screen.query_one(f"#{part}", Static).render())


def titles(on: Stage) -> list[str]:
    """What the list of conversations shows."""
    sidebar = on.chat.sidebar
    return [str(each.prompt) for each in sidebar.options if each.id]


async def look(on: Stage, path: str) -> None:
    """Open the dialog from the list and have it look at the path."""
    await on.pilot.press("ctrl+b", "i")
    await on.until(lambda: isinstance(on.app.screen, ImportScreen))
    on.app.screen.query_one(PathInput).value = path
    await on.pilot.press("enter")


async def test_a_file_is_looked_into_then_imported(stage: Build, export: Path) -> None:
    async with stage().show() as on:
        await look(on, str(export))
        await on.until(lambda: told(on))
        assert told(on) == (
            "Would add 2 messages in 1 conversation (ChatGPT: 1).\n"
            "Skipped 1: its mapping is no JSON object (conversation 2)."
        )
        assert on.store.conversations() == ()
        await on.pilot.press("enter")
        await on.until(lambda: told(on).startswith("Added 2 messages in 1 conversation"))
        assert told(on, "keys") == "enter closes"
        await on.pilot.press("enter")
        await on.until(lambda: titles(on) == ["Tides"])
        await on.pilot.press("enter")
        await on.until(lambda: "At noon." in on.text)


async def test_the_open_conversation_shows_what_it_got(stage: Build, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([samples.talk()]))
    staged = stage()
    with Store.open(staged.database) as store:
        reading.Import(store).run(path)
    more = samples.node("q2", "a", text="And low tide?")
    path.write_text(json.dumps([samples.talk("c-1", more)]))
    async with staged.show() as on:
        on.chat.open_conversation(on.store.conversations()[0].id)
        await look(on, str(path))
        await on.until(lambda: "Would add 1 message " in told(on))
        await on.pilot.press("enter")
        await on.until(lambda: "Added 1 message " in told(on))
        await on.pilot.press("escape")
        await on.until(lambda: "And low tide?" in on.text)


async def test_esc_goes_back_to_the_path_and_then_away(stage: Build, export: Path) -> None:
    async with stage().show() as on:
        await look(on, str(export))
        await on.until(lambda: told(on))
        await on.pilot.press("escape")
        assert on.app.screen.focused is on.app.screen.query_one(PathInput)
        assert not on.app.screen.query_one("#outcome").display
        await on.pilot.press("escape")
        assert on.app.screen is on.chat
        assert on.store.conversations() == ()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"PK\x05\x06" + bytes(18), "holds no JSON file"),
        (b"hello", "could be read"),
    ],
)
async def test_what_is_no_export_is_one_sentence(
    stage: Build, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    async with stage().show() as on:
        await look(on, str(path))
        await on.until(lambda: sentence in told(on, "complaint"))
        assert on.app.screen.focused is on.app.screen.query_one(PathInput)
        await on.pilot.press("backspace")
        await on.until(lambda: not on.app.screen.query_one("#complaint").display)


async def test_a_damaged_download_says_so(stage: Build, export: Path) -> None:
    content = bytearray(export.read_bytes())
    content[60:70] = bytes(10)
    export.write_bytes(content)
    async with stage().show() as on:
        await look(on, str(export))
        await on.until(lambda: "could be read" in told(on, "complaint"))
        assert "conversations.json is a damaged zip file" in told(on)


async def test_no_path_is_no_folder(stage: Build) -> None:
    async with stage().show() as on:
        await look(on, " ")
        await on.until(lambda: "Write the path" in told(on, "complaint"))


async def test_a_path_is_pasted_and_completed(stage: Build, export: Path) -> None:
    async with stage().show() as on:
        await look(on, "")
        field = on.app.screen.query_one(PathInput)
        field.post_message(events.Paste(f"{export.parent}/exp\x1b[2J\nmore"))
        await on.until(lambda: field.value == f"{export.parent}/exp")
        await on.until(lambda: field._suggestion)
        await on.pilot.press("tab")
        await on.until(lambda: field.value == str(export))


async def test_an_import_is_stopped_and_what_is_in_stays(
    stage: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, stopped = Event(), Event()

    def wait(store: Store) -> None:
        begun.set()
        assert stopped.wait(10)

    monkeypatch.setattr(reading, "BATCH", 10)
    monkeypatch.setattr(reading, "FOLD_AFTER", 1)
    monkeypatch.setattr(Store, "fold_log", wait)
    path = samples.lines(tmp_path / "x", *(samples.openai(f"q{n}", "a") for n in range(20)))
    async with stage().show() as on:
        await look(on, str(path))
        await on.until(lambda: "Would add 40 messages" in told(on))
        await on.pilot.press("enter")
        await on.until(begun.is_set)
        assert told(on, "keys") == "esc stops"
        await on.pilot.press("enter", "escape")
        stopped.set()
        await on.until(lambda: told(on).startswith("Stopped after 10 messages, which stay;"))
        assert "Added 10 messages in 5 conversations" in told(on)
        assert len(on.store.conversation_ids()) == 5


async def test_leaving_the_app_stops_it(
    stage: Build, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Event()
    run = reading.Import.run

    def watched(self: reading.Import, path: Path) -> reading.Report:
        try:
            while True:  # an export without end
                run(self, path)
        finally:
            ended.set()

    monkeypatch.setattr(reading.Import, "run", watched)
    async with stage().show() as on:
        await look(on, str(export))
        await on.until(lambda: on.app.screen.working)  # type: ignore[attr-defined]
        await on.pilot.press("ctrl+q")
    assert ended.wait(10)


async def test_corrections_are_taken_only_on_ones_word(stage: Build, tmp_path: Path) -> None:
    path = tmp_path / "ours.json"
    with Store.open(tmp_path / "other" / "localai.db") as other:
        question, answer, better = FACTS[0]
        other.add_correction(tell(other, question, answer).id, better)
        trees = [tree for id_ in other.conversation_ids() if (tree := other.tree(id_))]
        path.write_text("".join(lossless.write(trees)))
    async with stage().show() as on:
        await look(on, str(path))
        await on.until(lambda: "t takes it as yours" in told(on))
        await on.pilot.press("t")
        await on.until(lambda: "taken as yours, to be learned from" in told(on))
        await on.pilot.press("enter")
        await on.until(lambda: told(on).startswith("Added"))
        assert len(on.store.corrections()) == 1


async def test_an_answer_goes_on_meanwhile(stage: Build, export: Path) -> None:
    staged = stage(["Hello!"])
    write(staged.database, talk(1))
    async with staged.show() as on:
        on.chat.prompt.put("Hi")
        await on.pilot.press("enter")
        on.chat.action_import()
        await on.until(lambda: isinstance(on.app.screen, ImportScreen) and not on.chat.busy)
        await on.pilot.press("escape")
        await on.until(lambda: "Hello!" in on.text)


async def test_the_palette_opens_it(stage: Build) -> None:
    async with stage().show() as on:
        await on.pilot.press("ctrl+p", *"Import conv")
        await on.until(lambda: on.app.screen.query("OptionList").first().option_count == 1)  # type: ignore[attr-defined]
        await on.pilot.press("enter")
        await on.until(lambda: isinstance(on.app.screen, ImportScreen))


async def test_what_is_imported_goes_into_a_data_set(stage: Build, tmp_path: Path) -> None:
    path = samples.lines(tmp_path / "x", samples.openai("Hello", "Ahoy!"))
    async with stage().show() as on:
        await look(on, "")
        on.app.screen.query_one(PathInput).value = str(path)
        await on.pilot.press("tab", *"pirate", "enter")
        await on.until(lambda: "would wait in the data set pirate" in told(on))
        await on.pilot.press("enter")
        await on.until(lambda: "localai data accept --set pirate" in told(on))
        assert [each.answer for each in on.store.examples(name="pirate")] == ["Ahoy!"]


async def test_the_focus_stays_where_one_types_when_a_complaint_goes(stage: Build) -> None:
    async with stage().show() as on:
        await look(on, "nowhere.json")
        complaint = on.app.screen.query_one("#complaint")
        await on.until(lambda: complaint.display)
        await on.pilot.press("end", "tab", *"pirate")
        await on.until(lambda: not complaint.display)
        assert on.app.screen.query_one("#set", Input).value == "pirate"
        assert on.app.screen.query_one(PathInput).value == "nowhere.json"
