from __future__ import annotations

import pytest
from textual import events
from textual.app import App, ComposeResult

from tests.tui.stage import until
from tui.widgets.prompt import LONGEST, Prompt


class PromptApp(App[None]):
    CSS = "Prompt { height: auto; max-height: 8; }"

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.refused: list[str] = []

    def compose(self) -> ComposeResult:
        yield Prompt()

    def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        self.sent.append(event.text)

    def on_prompt_too_long(self, event: Prompt.TooLong) -> None:
        self.refused.append(event.sentence)

    @property
    def prompt(self) -> Prompt:
        return self.query_one(Prompt)


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter"])
async def test_enter_sends_and_other_keys_break_the_line(key: str) -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("a", key, "b")
        assert app.sent == []
        await pilot.press("enter")
        assert app.sent == ["a\nb"]


async def test_pasting_never_sends() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        app.prompt.post_message(events.Paste("one\ntwo\x1b[31m\n"))
        await until(pilot, lambda: app.prompt.text)
        assert app.prompt.text == "one\ntwo\n"
        assert app.sent == []


async def test_a_huge_paste_is_refused_in_one_sentence() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("a")
        app.prompt.post_message(events.Paste("x" * 10_000_000))
        await until(pilot, lambda: app.refused)
        assert app.prompt.text == "a"
        assert f"{LONGEST:,}" in app.refused[0]


async def test_up_recalls_only_from_the_first_line() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        app.prompt.recall.add("earlier")
        app.prompt.put("one\ntwo")
        await pilot.press("up")
        assert app.prompt.text == "one\ntwo"
        await pilot.press("up")
        assert app.prompt.text == "earlier"
        await pilot.press("down")
        assert app.prompt.text == "one\ntwo"


async def test_it_grows_with_its_text() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        assert app.prompt.size.height == 1
        app.prompt.put("\n" * 3)
        await until(pilot, lambda: app.prompt.size.height == 4)
        app.prompt.put("\n" * 30)
        await until(pilot, lambda: app.prompt.size.height == 8)
