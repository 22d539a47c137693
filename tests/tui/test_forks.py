"""Forking in the transcript: what is shown, what is written where, what stays as it was."""

from __future__ import annotations

from collections.abc import Callable

from localai.conversation import Message, ToolCall, ToolResult, assistant, user
from localai.engine.scripted import Script
from tests.tui.stage import Stage, talk, write
from tui.screens.editor import EditorScreen

Build = Callable[..., Stage]


def shown(on: Stage) -> list[str]:
    return [item.row.message.text for item in on.chat.transcript.items]


def stored(on: Stage, conversation: str) -> list[str]:
    """What a conversation goes on from, as texts."""
    leaf = on.store.conversation(conversation).leaf
    return [each.message.text for each in on.store.path(leaf)]


async def fork(on: Stage, *keys: str) -> str:
    """Fork with the keys; the fork."""
    before = on.chat.conversation_id
    await on.pilot.press(*keys, "f")
    await on.until(lambda: on.chat.conversation_id != before)
    return on.chat.conversation_id


async def test_a_fork_is_opened_at_once_and_goes_on_by_itself(stage: Build) -> None:
    staged = stage(["Mine."])
    old = write(staged.database, talk(2), "Trains")
    async with staged.show((120, 30)) as on:
        on.chat.open_conversation(old.id)
        new = await fork(on, "escape", "k", "k")
        assert shown(on) == ["Question 0", "Answer 0"]
        assert on.said == ["A fork goes on from here; “Trains” stays as it is."]
        assert on.chat.prompt.has_focus
        sidebar = on.chat.sidebar
        titles = [str(each.prompt) for each in sidebar.options]
        assert titles[1:3] == ["Trains (2)", "Trains"]
        assert sidebar.pointed == new
        await on.ask("Else?")
        assert shown(on) == ["Question 0", "Answer 0", "Else?", "Mine."]
        assert "◂" not in on.text
        on.chat.open_conversation(old.id)
        assert shown(on) == ["Question 0", "Answer 0", "Question 1", "Answer 1"]
        assert "◂" not in on.text


async def test_alternatives_in_the_shared_part_stay_apart(stage: Build) -> None:
    staged = stage(["Again."])
    old = write(staged.database, talk(2), "Trains")
    async with staged.show() as on:
        on.chat.open_conversation(old.id)
        new = await fork(on, "escape", "k", "k")
        await on.pilot.press("escape", "r")
        await on.until(lambda: shown(on) == ["Question 0", "Again."] and on.chat.turn is None)
        await on.pilot.press("left")
        await on.until(lambda: shown(on) == ["Question 0", "Answer 0"])
        assert "1/2" in on.text
        on.chat.open_conversation(old.id)
        await on.pilot.press("escape", "k", "k")
        assert "◂" not in on.text
        # What led on from the answer here is not taken for the way on in the fork.
        on.chat.remember_tip(on.chat.transcript.items[1])
        on.chat.open_conversation(new)
        await on.pilot.press("escape", "right")
        await on.until(lambda: shown(on) == ["Question 0", "Again."])
        await on.pilot.press("left")
        await on.until(lambda: shown(on) == ["Question 0", "Answer 0"])
        assert stored(on, old.id)[-1] == "Answer 1"


async def test_a_shared_answer_is_corrected_in_the_fork_alone(stage: Build) -> None:
    staged = stage()
    old = write(staged.database, talk(1), "Trains")
    async with staged.show() as on:
        on.chat.open_conversation(old.id)
        new = await fork(on, "escape")
        await on.pilot.press("escape", "e")
        await on.until(lambda: isinstance(on.app.screen, EditorScreen))
        await on.pilot.press("end", "!", "ctrl+s")
        await on.until(lambda: shown(on)[-1] == "Answer 0!")
        assert stored(on, new)[-1] == "Answer 0!"
        assert stored(on, old.id)[-1] == "Answer 0"
        await on.pilot.press("u")
        await on.until(lambda: shown(on)[-1] == "Answer 0")
        assert on.said[-1].endswith("this is the model's own answer again.")
        assert on.chat.conversation_id == new


async def test_a_shared_correction_is_taken_back_in_a_fork(stage: Build) -> None:
    staged = stage()
    old = write(staged.database, talk(1), "Trains")
    async with staged.show() as on:
        on.store.add_correction(old.leaf, "Better.")
        on.chat.open_conversation(old.id)
        await fork(on, "escape")
        assert "corrected by you" in on.text
        await on.pilot.press("escape", "u")
        await on.until(lambda: on.said[-1].endswith("the model does not learn from it."))
        assert shown(on)[-1] == stored(on, old.id)[-1] == "Better."
        assert "corrected by you" not in on.text
        assert on.store.corrections() == ()


async def test_a_fork_at_calls_keeps_their_results(stage: Build) -> None:
    staged = stage()
    asked = [
        user("Six by seven?"),
        Message("assistant", (ToolCall("1", "calculator", {"expression": "6*7"}),)),
        Message("tool", (ToolResult("1", "42"),)),
        assistant("It is 42."),
    ]
    old = write(staged.database, asked, "Sums")
    async with staged.show() as on:
        on.chat.open_conversation(old.id)
        new = await fork(on, "escape", "k")
        assert [each.message.role for each in on.store.path(on.store.conversation(new).leaf)] == [
            "user",
            "assistant",
            "tool",
        ]


async def test_when_there_is_nothing_to_fork(stage: Build) -> None:
    async with stage([Script("So be it.", hold_at=1)]).show() as on:
        on.chat.action_fork()
        await on.until(lambda: on.said)
        assert on.said == ["There is nothing to fork yet; write a message first."]
        on.chat.prompt.put("Go")
        await on.pilot.press("enter")
        await on.until(lambda: on.chat.transcript.items)
        on.chat.action_fork()
        await on.until(lambda: len(on.said) > 1)
        assert on.said[-1] == "The answer is still being written; press esc to stop it first."
        on.engine.release()
        await on.until(lambda: on.chat.turn is None)
