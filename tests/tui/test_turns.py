from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from localai.engine.scripted import Script
from localai.errors import ModelError
from localai.render.base import Thinking
from localai.store.store import Store
from tests.tui.lessons import promote
from tests.tui.stage import THINK, Stage

Build = Callable[..., Stage]


async def test_a_question_is_answered_stored_and_listed(stage: Build) -> None:
    async with stage(["It is **Paris**."]).show((120, 30)) as on:
        await on.ask("What is the capital?")
        assert "▌ What is the capital?" in on.text
        assert "It is Paris." in on.text
        rows = on.store.path(on.store.latest().leaf)  # type: ignore[union-attr]
        assert [row.message.text for row in rows] == ["What is the capital?", "It is **Paris**."]
        assert on.chat.sidebar.pointed == on.chat.conversation_id != ""
        assert on.chat.prompt.text == ""


async def test_nothing_is_sent_for_an_empty_prompt(stage: Build) -> None:
    async with stage().show() as on:
        await on.pilot.press("space", "enter")
        await on.until(lambda: on.said)
        assert "nothing to send" in on.said[0]
        assert on.engine.requests == []


async def test_esc_stops_the_answer_and_keeps_what_came(stage: Build) -> None:
    async with stage([Script("one two three four", hold_at=2)]).show() as on:
        on.chat.prompt.put("count")
        await on.pilot.press("enter")
        await on.until(on.engine.held.is_set)
        await on.until(lambda: "one two" in on.text)
        await on.pilot.press("escape")
        await on.until(lambda: on.chat.turn is None)
        assert "one two" in on.text
        assert "Stopped." in on.text


async def test_a_second_question_waits_for_the_first(stage: Build) -> None:
    async with stage([Script("one two", hold_at=1)]).show() as on:
        on.chat.prompt.put("first")
        await on.pilot.press("enter")
        await on.until(on.engine.held.is_set)
        on.chat.prompt.put("second")
        await on.pilot.press("enter")
        await on.until(lambda: on.said)
        assert on.chat.prompt.text == "second"
        on.engine.release()
        await on.until(lambda: on.chat.turn is None)


async def test_a_crash_is_one_sentence_and_restarts(stage: Build) -> None:
    async with stage([Script("so far so good", crash_at=2), "All of it."]).show() as on:
        await on.ask("go")
        assert "so far" in on.text
        assert "✗ The engine crashed" in on.text
        assert on.chat.status_line.status.state == "crashed"
        await on.pilot.press("escape", "r")
        await on.until(lambda: len(on.engine.requests) == 2 and on.chat.turn is None)
        assert "All of it." in on.text
        assert "2/2" in on.text


async def test_a_model_that_cannot_load_costs_nothing(stage: Build) -> None:
    staged = stage(load_error=ModelError("This file is no model; choose another."))
    async with staged.show() as on:
        on.chat.prompt.put("hello")
        await on.pilot.press("enter")
        await on.until(lambda: on.chat.turn is None and on.chat.transcript.items)
        await on.until(lambda: "✗ This file is no model" in on.text)
        assert "▌ hello" in on.text
        assert len(on.store.path(on.store.latest().leaf)) == 1  # type: ignore[union-attr]


async def test_without_a_model_the_history_is_there_and_the_question_comes_back(
    stage: Build,
) -> None:
    staged = stage(open_error=ModelError("There is no such model; see `localai models list`."))
    async with staged.show() as on:
        await on.until(lambda: on.said)
        assert on.chat.status_line.status.state == "not available"
        on.chat.prompt.put("hello")
        await on.pilot.press("enter")
        await on.until(lambda: on.chat.turn is None)
        assert on.chat.prompt.text == "hello"


async def test_answers_to_one_question_stand_beside_each_other(stage: Build) -> None:
    async with stage(["First.", "Second."]).show() as on:
        await on.ask("go")
        await on.pilot.press("escape", "r")
        await on.until(lambda: len(on.engine.requests) == 2 and on.chat.turn is None)
        assert "Second." in on.text
        await on.pilot.press("left")
        await on.until(lambda: "First." in on.text)
        assert "1/2" in on.text
        await on.pilot.press("right")
        await on.until(lambda: "Second." in on.text)


async def test_reasoning_streams_folded_with_its_count(stage: Build) -> None:
    script = Script("<think>one two three</think>Four.", hold_at=3)
    async with stage([script], thinking=THINK).show() as on:
        on.chat.prompt.put("go")
        await on.pilot.press("enter")
        await on.until(lambda: "▸ Reasoning" in on.text and "Thinking" in on.text)
        assert "one two" not in on.text
        on.engine.release()
        await on.until(lambda: on.chat.turn is None)
        assert "Four." in on.text


async def test_thinking_that_cannot_be_switched_says_so(stage: Build) -> None:
    async with stage(thinking=Thinking("<think>", "</think>", False)).show() as on:
        await on.ask("hi")
        await on.pilot.press("ctrl+t")
        await on.until(lambda: any("cannot be switched" in sentence for sentence in on.said))
        assert on.settings.chat.thinking == "auto"
        assert on.chat.status_line.status.thinking == "auto"


async def test_thinking_is_switched_and_kept(stage: Build) -> None:
    async with stage(thinking=THINK).show() as on:
        await on.ask("hello")
        await on.pilot.press("ctrl+t")
        assert on.settings.chat.thinking == "on"
        await on.until(lambda: on.chat.status_line.status.thinking == "on")


async def test_turns_that_left_are_noted_where_they_left(stage: Build) -> None:
    async with stage(["word " * 60], n_ctx=400).show((80, 40)) as on:
        for number in range(4):
            await on.ask(f"question {number} " + "more " * 20)
        notes = [item.note for item in on.chat.transcript.items if item.note]
        assert notes
        assert "no longer fit the context window" in notes[0]
        assert on.chat.transcript.items[-1].row.origin.dropped > 0  # type: ignore[union-attr]
        conversation = on.chat.conversation_id
        await on.pilot.press("ctrl+n")
        on.chat.open_conversation(conversation)
        assert [item.note for item in on.chat.transcript.items if item.note] == notes


async def test_typing_loads_the_model(stage: Build) -> None:
    async with stage().show() as on:
        assert on.chat.status_line.status.state == "not loaded"
        await on.pilot.press("h")
        await on.until(lambda: on.chat.status_line.status.state == "ready")
        assert on.engine.requests == []


async def test_the_model_is_freed_when_nobody_uses_it(stage: Build) -> None:
    async with stage().show() as on:
        await on.ask("hello")
        on.settings.engine.idle_minutes = 1e-9
        await on.until(lambda: on.chat.status_line.status.state == "not loaded")
        assert "Hello!" in on.text
        await on.pilot.press("x")
        on.settings.engine.idle_minutes = 15
        await on.until(lambda: on.engine.state == "ready")


async def test_an_interrupted_answer_says_so(stage: Build) -> None:
    async with stage().show() as on:
        await on.ask("hello")
        item = on.chat.transcript.items[-1]
        item.settle(msgspec.structs.replace(item.row, status="interrupted"))
        on.chat.transcript.changed(1)
        assert "Interrupted" in on.text


async def test_quitting_keeps_what_had_arrived(stage: Build) -> None:
    staged = stage([Script("one two three four", hold_at=2)])
    async with staged.show() as on:
        on.chat.prompt.put("count")
        await on.pilot.press("enter")
        await on.until(on.engine.held.is_set)
    with Store.open(staged.database) as store:
        rows = store.path(store.latest().leaf)  # type: ignore[union-attr]
        assert [row.message.text for row in rows] == ["count", "one two"]
        assert rows[-1].status == "cancelled"


async def test_a_model_is_called_untaught_until_an_adapter_answers(stage: Build) -> None:
    async with stage(thinking=THINK, template_source="fallback").show() as on:
        await on.ask("hello")
        await on.until(lambda: on.chat.query_one("#notice").display)
        promote(on.store, on.model)  # what the engine was loaded with stays as it is
        await on.until(lambda: not on.chat.query_one("#notice").display)
        on.app.bridge.roll_back()
        await on.until(lambda: on.chat.query_one("#notice").display)


async def test_a_mistake_of_ours_ends_the_app_instead_of_hanging(stage: Build) -> None:
    staged = stage()
    staged.engine.render = None  # type: ignore[assignment]

    async def play() -> None:
        async with staged.show() as on:
            on.chat.prompt.put("hello")
            await on.pilot.press("enter")
            await on.until(lambda: on.app._exception is not None)

    with pytest.raises(TypeError):
        await play()


async def test_a_model_that_cannot_load_is_said_once_while_typing(stage: Build) -> None:
    staged = stage(load_error=ModelError("This file is no model; choose another."))
    async with staged.show() as on:
        await on.pilot.press(*"hello there")
        await on.until(lambda: on.said)
        await on.pilot.pause()
        assert len(on.said) == 1
        assert on.chat.status_line.status.state == "not available"
