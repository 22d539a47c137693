"""Tool calls in the app: one line each, unfolded on demand, consent asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from localai.chat.turn import CallFinished, CallStarted
from localai.config import Settings, ToolSettings
from localai.engine.scripted import Script, ScriptedEngine
from localai.store.store import Store
from tests.chat.toolbox import Box, tool
from tests.tui.stage import Stage, entry
from tui.backend import Backend
from tui.screens.consent import ConsentScreen

TEMPLATE = "{{ tools }}<tool_call>"
StageMaker = Callable[..., Stage]


def call(name: str, **arguments: str) -> str:
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


SUM = call("calculator", expression="3748 * 291")
FETCH = call("web_fetch", url="http://127.0.0.1/\x1b[31m")
ONLINE = Settings(tools=ToolSettings(web_fetch=True))


async def test_a_call_is_one_line_that_unfolds(stage: StageMaker) -> None:
    on = stage(["Let me see." + SUM, "It is 1,090,668."], template=TEMPLATE)
    async with on.show() as on:
        await on.ask("How much is it?")
        assert "tool_call" not in on.text
        assert '▸ calculator(expression="3748 * 291") → 1090668 · ' in on.text
        assert on.text.index("Let me see.") < on.text.index("▸ calc") < on.text.index("It is 1,0")
        await on.pilot.press("escape", "k", "o")
        assert "▾ calculator" in on.text
        assert '│   "expression": "3748 * 291"' in on.text
        assert "│ 1090668" in on.text
        on.chat.reload()  # as it is read from the store
        await on.pilot.pause()
        assert '▸ calculator(expression="3748 * 291") → 1090668 · ' in on.text


async def test_answering_again_goes_back_to_the_question(stage: StageMaker) -> None:
    on = stage([SUM, "One.", SUM, "Two."], template=TEMPLATE)
    async with on.show() as on:
        await on.ask("How much is it?")
        await on.pilot.press("ctrl+r")
        await on.until(lambda: "Two." in on.text and on.chat.turn is None)
        assert "One." not in on.text
        assert on.text.count("▸ calculator") == 1
        assert "◂ 2/2 ▸" in on.text
        await on.pilot.press("escape", "left")
        await on.until(lambda: "One." in on.text)
        assert "◂ 1/2 ▸" in on.text
        await on.pilot.press("right")
        await on.until(lambda: "Two." in on.text)


async def test_a_message_that_calls_cannot_be_corrected_but_its_answer_can(
    stage: StageMaker,
) -> None:
    on = stage([SUM, "One."], template=TEMPLATE)
    async with on.show() as on:
        await on.ask("How much is it?")
        await on.pilot.press("escape", "k", "e")
        assert "only calls tools" in on.said[-1]
        await on.pilot.press("y")
        assert on.app.clipboard == 'calculator(expression="3748 * 291")'
        await on.pilot.press("j", "e")
        await on.until(lambda: on.app.screen.query("#question"))
        shown = (str(each.render()) for each in on.app.screen.query("#question Static"))
        assert "How much is it?" in " ".join(shown)


@pytest.mark.parametrize(
    ("key", "runs", "rows"),
    [("o", True, 0), ("c", True, 1), ("a", True, 1), ("n", False, 0), ("v", False, 1)],
)
async def test_what_leaves_the_machine_is_asked_about(
    stage: StageMaker, key: str, runs: bool, rows: int
) -> None:
    on = stage([FETCH, "Done."], template=TEMPLATE, settings=ONLINE)
    async with on.show() as on:
        on.chat.prompt.put("Look there.")
        await on.pilot.press("enter")
        await on.until(lambda: isinstance(on.app.screen, ConsentScreen))
        shown = " ".join(str(each.render()) for each in on.app.screen.query("Static"))
        assert "It may talk to other machines." in shown
        assert '"url": "http://127.0.0.1/\\u001b[31m"' in shown
        await on.pilot.press(key)
        await on.until(lambda: "Done." in on.text)
        assert ("did not allow" not in on.text) is runs
        assert len(on.store.decisions()) == rows


async def test_a_word_that_was_being_typed_allows_nothing(
    stage: StageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.consent.REST_SECONDS", 0.5)
    on = stage([FETCH, "Done."], template=TEMPLATE, settings=ONLINE)
    async with on.show() as on:
        on.chat.prompt.put("Look there.")
        await on.pilot.press("enter")
        await on.until(lambda: isinstance(on.app.screen, ConsentScreen))
        await on.pilot.press(*"local chat over", "right", "enter")
        assert isinstance(on.app.screen, ConsentScreen)
        await on.until(lambda: on.app.screen.has_class("-armed"))
        await on.pilot.press("a")
        await on.until(lambda: "Done." in on.text)
        assert [each.allowed for each in on.store.decisions()] == [True]


@pytest.mark.parametrize("size", [(140, 40), (80, 24), (60, 24), (40, 16)])
async def test_every_choice_shows_in_any_window(stage: StageMaker, size: tuple[int, int]) -> None:
    long = call("web_fetch", url="http://127.0.0.1/" + "x" * 3_000)
    on = stage([long, "Done."], template=TEMPLATE, settings=ONLINE)
    async with on.show(size) as on:
        on.chat.prompt.put("Look there.")
        await on.pilot.press("enter")
        await on.until(lambda: isinstance(on.app.screen, ConsentScreen))
        await on.pilot.pause()
        screen = on.app.screen
        window = screen.region
        for widget in (screen.query_one("#asked"), *screen.query("Button")):
            assert window.contains_region(widget.region), widget
        arguments = screen.query_one("#arguments")
        assert screen.query_one("#more").display
        for _ in range(30):
            await on.pilot.press("pagedown")
        assert arguments.scroll_y == arguments.max_scroll_y > 0


async def test_stopping_takes_the_question_away(stage: StageMaker) -> None:
    on = stage([FETCH, "Done."], template=TEMPLATE, settings=ONLINE)
    async with on.show() as on:
        on.chat.prompt.put("Look there.")
        await on.pilot.press("enter")
        await on.until(lambda: isinstance(on.app.screen, ConsentScreen))
        on.app.bridge.cancel()
        await on.until(lambda: on.app.screen is on.chat and on.chat.turn is None)
        assert "✗ " in on.text


async def test_a_model_that_goes_on_calling_is_let_go(stage: StageMaker) -> None:
    on = stage(
        [Script(SUM)], template=TEMPLATE, settings=Settings(tools=ToolSettings(most_calls=2))
    )
    async with on.show() as on:
        on.chat.prompt.put("Go.")
        await on.pilot.press("enter")
        await on.until(lambda: len(on.engine.requests) == 3 and on.chat.turn is None)
        await on.pilot.pause()
        assert on.text.count("→ 1090668") == 2
        assert on.text.count("✗ No more calls") == 1


def test_a_stop_reaches_the_running_tool_whatever_was_asked_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box(tool("shout"))
    monkeypatch.setattr("tui.backend.open_toolbox", lambda settings, stop: box.box)
    engine = ScriptedEngine([call("shout", text="wait"), "Done."], template=TEMPLATE)
    backend = Backend(
        Settings(),
        lambda: Store.open(tmp_path / "x.db"),
        lambda: (entry(tool_format=""), engine),
        (),
    )
    for event in backend.session("").send("Go."):
        if isinstance(event, CallStarted):
            backend.session("")  # for something else, between two events
            backend.cancel()
        if isinstance(event, CallFinished):
            assert event.result.text == "It was stopped."
    assert box.calls == [("shout", {"text": "wait"})]
    backend.close()
