from __future__ import annotations

from collections.abc import Callable

from localai.errors import AdapterError
from tests.tui.lessons import promote
from tests.tui.stage import Stage
from tui.screens.inspect import InspectScreen

Build = Callable[..., Stage]


def adapter(on: Stage) -> str:
    return on.chat.status_line.status.adapter


async def test_an_adapter_is_swapped_in_and_out_between_turns(stage: Build) -> None:
    async with stage(["One.", "Two.", "Three."]).show((100, 30)) as on:
        await on.ask("first")
        assert "scripted · 2 tokens" in on.text
        made = promote(on.store, on.model)
        await on.until(lambda: adapter(on) == "tuned-1")
        await on.ask("second")
        assert on.engine.load().adapter == made.sha256
        assert "scripted · tuned-1 · 2 tokens" in on.text
        await on.pilot.press("f4")
        await on.until(lambda: adapter(on) == "")
        assert on.engine.load().adapter == made.sha256
        await on.ask("third")
        assert on.engine.load().adapter == ""
        assert on.text.count("tuned-1") == 1


async def test_who_answered_is_known_when_a_conversation_is_opened_again(stage: Build) -> None:
    async with stage().show((100, 30)) as on:
        promote(on.store, on.model)
        await on.ask("first")
        conversation = on.chat.conversation_id
        on.chat.open_conversation("")
        on.chat.open_conversation(conversation)
        await on.until(lambda: "scripted · tuned-1" in on.text)
        await on.pilot.press("escape", "i")
        await on.until(lambda: isinstance(on.app.screen, InspectScreen))
        assert "tuned-1" in str(on.app.screen.query_one("#facts").render())


async def test_an_adapter_that_is_refused_is_told_and_not_named(stage: Build) -> None:
    error = AdapterError("Its file is damaged\x1b[2J; tune again.")
    async with stage(["One."], adapter_error=error).show((100, 30)) as on:
        promote(on.store, on.model)
        await on.until(lambda: adapter(on) == "tuned-1")
        await on.ask("first")
        assert "One." in on.text
        refusal = "tuned-1 is left out of this answer. Its file is damaged; tune again."
        await on.until(lambda: on.said == [refusal])
        assert adapter(on) == ""
        assert "tuned-1" not in on.text
