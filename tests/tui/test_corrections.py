from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import TextArea

from localai.conversation import assistant, user
from localai.engine.scripted import Script
from localai.errors import StoreError
from localai.store.store import Store
from tests.tui.stage import Stage, talk, write
from tui.screens.confirm import ConfirmScreen
from tui.screens.editor import EditorScreen
from tui.widgets.transcript_input import Transcript

Build = Callable[..., Stage]


def editing(on: Stage) -> bool:
    return isinstance(on.app.screen, EditorScreen)


def area(on: Stage) -> TextArea:
    return on.app.screen.query_one(TextArea)


def shown(on: Stage) -> list[str]:
    return [item.row.message.text for item in on.chat.transcript.items]


async def edit(on: Stage, *keys: str) -> None:
    """Open the editor with the last answer."""
    await on.pilot.press(*(keys or ("ctrl+e",)))
    await on.until(lambda: editing(on))


async def recorded(on: Stage) -> None:
    await on.pilot.press("ctrl+s")
    await on.until(lambda: on.app.screen is on.chat)
    await on.until(lambda: on.said)


async def test_an_answer_is_corrected_with_real_keys(stage: Build) -> None:
    async with stage(["It is Rome.", "Yes."]).show() as on:
        await on.ask("Which city?")
        await edit(on, "escape", "e")
        assert area(on).text == "It is Rome."
        await on.pilot.press("end", "backspace", *"? No: Lutz.")
        await recorded(on)
        assert shown(on) == ["Which city?", "It is Rome? No: Lutz."]
        assert "corrected by you" in on.text
        assert "2/2" in on.text
        assert on.said[-1] == "Correction recorded: 1 waits for the next tune."
        correction = on.store.correction_for(on.chat.transcript.items[-1].row.id)
        assert correction is not None
        assert on.store.message(correction.rejected).message.text == "It is Rome."
        await on.ask("Sure?")
        prompt = on.engine.pieces(on.engine.requests[-1].ids)
        assert "Lutz" in "".join(prompt)
        assert "Rome." not in "".join(prompt)


async def test_a_correction_is_taken_back(stage: Build) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        await edit(on, "escape", "e")
        area(on).text = "It is Lutz."
        await recorded(on)
        await on.pilot.press("u")
        await on.until(lambda: shown(on)[-1] == "It is Rome.")
        assert on.store.corrections() == ()
        assert "corrected by you" not in on.text


async def test_a_correction_is_edited_again(stage: Build) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        for text in ("It is Lutz.", "It is Old Lutz."):
            await edit(on)
            area(on).text = text
            await recorded(on)
            assert shown(on)[-1] == text
        (correction,) = on.store.corrections()
        assert on.store.message(correction.rejected).message.text == "It is Rome."
        assert on.store.message(correction.chosen).message.text == "It is Old Lutz."


async def test_the_mouse_opens_the_editor_and_saves(stage: Build) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        rows = on.text.splitlines()
        y = next(i for i, row in enumerate(rows) if row.endswith("edit"))
        top = on.chat.transcript.gutter.top
        await on.pilot.click(Transcript, offset=(len(rows[y]) - 2, y + top))
        await on.until(lambda: editing(on))
        area(on).text = "It is Lutz."
        await on.until(lambda: on.app.screen.query("FooterKey"))
        save = next(key for key in on.app.screen.query("FooterKey") if "save" in str(key.render()))
        await on.pilot.click(save)
        await on.until(lambda: shown(on)[-1] == "It is Lutz.")


async def test_an_earlier_answer_is_corrected_and_what_followed_is_kept(stage: Build) -> None:
    staged = stage()
    write(staged.database, talk(2))
    async with staged.show() as on:
        on.chat.open_conversation(on.store.conversations()[0].id)
        await edit(on, "escape", "k", "k", "e")
        assert area(on).text == "Answer 0"
        assert on.app.screen.query(".hint")
        area(on).text = "A better answer"
        await recorded(on)
        assert shown(on) == ["Question 0", "A better answer"]
        await on.pilot.press("left")
        await on.until(lambda: shown(on)[-1] == "Answer 1")
        await on.pilot.press("right", "u")
        await on.until(lambda: shown(on)[1:3] == ["Answer 0", "Question 1"])


async def test_leaving_asks_only_when_the_text_was_changed(stage: Build) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        await edit(on)
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)
        await edit(on)
        await on.pilot.press("x", "escape")
        await on.until(lambda: isinstance(on.app.screen, ConfirmScreen))
        await on.pilot.press("escape")
        await on.until(lambda: editing(on))
        assert area(on).text.startswith("x")
        await on.pilot.press("escape")
        await on.until(lambda: isinstance(on.app.screen, ConfirmScreen))
        await on.pilot.press("y")
        await on.until(lambda: on.app.screen is on.chat)
        assert on.store.corrections() == ()


async def test_quitting_does_not_lose_a_correction_that_is_being_written(stage: Build) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        await edit(on)
        await on.pilot.press("x", "ctrl+q")
        await on.until(lambda: isinstance(on.app.screen, ConfirmScreen))
        assert on.app.is_running


async def test_a_text_that_is_as_it_was_is_no_correction(stage: Build) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        await edit(on)
        await on.pilot.press("ctrl+s")
        await on.until(lambda: "as it was" in complaint(on))
        assert on.app.screen.query_one("#complaint").display
        await on.pilot.press("x")
        await on.until(lambda: not on.app.screen.query_one("#complaint").display)
        assert on.store.corrections() == ()


@pytest.mark.parametrize("text", ["", " \n "])
async def test_a_correction_that_cannot_be_recorded_stays_in_the_editor(
    stage: Build, text: str
) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        await edit(on)
        area(on).text = text
        await on.pilot.press("ctrl+s")
        await on.until(lambda: "needs a text" in complaint(on))
        assert area(on).text == text
        area(on).text = "It is Lutz."
        await recorded(on)


async def test_a_full_disk_does_not_cost_the_text(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("The disk is full\x1b[2J; free some space and try again.")

    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        await edit(on)
        monkeypatch.setattr(Store, "add_correction", full)
        area(on).text = "It is Lutz."
        await on.pilot.press("ctrl+s")
        await on.until(lambda: "disk is full; free" in complaint(on))
        assert area(on).text == "It is Lutz."


async def test_what_a_model_wrote_cannot_drive_the_terminal_from_the_editor(stage: Build) -> None:
    staged = stage()
    hostile = "a\x1b]0;x\x07b"
    stored = write(staged.database, [user(hostile), assistant(hostile)])
    async with staged.show() as on:
        on.chat.open_conversation(stored.id)
        await edit(on)
        assert area(on).text == "ab"
        assert str(on.app.screen.query_one("#question Static").render()) == "ab"
        await on.pilot.press("ctrl+s")
        await on.until(lambda: "as it was" in complaint(on))


async def test_ctrl_e_goes_to_the_end_of_what_is_being_written(stage: Build) -> None:
    async with stage(["It is Rome."]).show() as on:
        await on.ask("Which city?")
        await on.pilot.press(*"ab", "left", "left", "ctrl+e", "c")
        assert on.chat.prompt.text == "abc"
        assert on.app.screen is on.chat


async def test_nothing_is_corrected_while_an_answer_is_written(stage: Build) -> None:
    async with stage(["It is Rome.", Script("one two", hold_at=1)]).show() as on:
        await on.ask("Which city?")
        on.chat.prompt.put("more")
        await on.pilot.press("enter")
        await on.until(on.engine.held.is_set)
        await on.pilot.press("ctrl+e")
        await on.until(lambda: any("still being written" in said for said in on.said))
        assert on.app.screen is on.chat
        on.engine.release()
        await on.until(lambda: on.chat.turn is None)


async def test_without_an_answer_there_is_nothing_to_correct(stage: Build) -> None:
    async with stage().show() as on:
        await on.pilot.press("ctrl+e")
        await on.until(lambda: any("no answer yet" in said for said in on.said))


async def test_u_brings_a_deleted_conversation_back_where_nothing_was_corrected(
    stage: Build,
) -> None:
    staged = stage()
    one = write(staged.database, talk(1))
    two = write(staged.database, talk(1))
    async with staged.show() as on:
        on.chat.open_conversation(one.id)
        on.chat.action_delete()
        on.chat.open_conversation(two.id)
        await on.pilot.press("escape", "u")
        await on.until(lambda: len(on.store.conversations()) == 2)


def complaint(on: Stage) -> str:
    return str(on.app.screen.query_one("#complaint").render())
