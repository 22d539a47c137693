"""Every screen as a picture, at two sizes. Update with `pytest --snapshot-update`."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from localai.config import Settings, ToolSettings
from localai.conversation import assistant, user
from localai.engine.scripted import Script
from tests.tui.lessons import history
from tests.tui.pictures import SIZES, Scene, unchanged
from tests.tui.stage import THINK, Stage, write
from tui.screens.confirm import ConfirmScreen
from tui.screens.editor import EditorScreen
from tui.screens.inspect import InspectScreen

ANSWER = """\
The **sky** is blue because of *Rayleigh scattering*.

1. Sunlight holds all colours.
2. Air scatters blue most:

```python
def scattering(wavelength: float) -> float:
    return 1 / wavelength**4  # steep
```

| colour | nm  |
|--------|-----|
| blue   | 450 |
| red    | 700 |
"""
CALLS = [
    '<tool_call>{"name": "calculator", "arguments": {"expression": "3748 * 291"}}</tool_call>'
    '<tool_call>{"name": "weekday", "arguments": {"date": "2026-05-01"}}</tool_call>',
    "It is 1,090,668, and a Friday.",
    '<tool_call>{"name": "web_fetch", "arguments": {"url": "https://x.example/a"}}</tool_call>',
]
ONLINE = Settings(tools=ToolSettings(web_fetch=True))
REASONED = "<think>Is it the sea?\nNo, the air</think>It is the air."


async def first_run(on: Stage) -> None:
    """Nothing was said yet."""


async def answered(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    await on.ask("Are you sure?")
    await on.pilot.press("escape", "o")


async def crashed(on: Stage) -> None:
    for _ in range(3):
        await on.ask("Why is the sky blue?")


async def helped(on: Stage) -> None:
    await on.pilot.press("f1")


async def inspected(on: Stage) -> None:
    random.seed(0)  # the screen shows the seed that was drawn
    await on.ask("Why is the sky blue?")
    await on.pilot.press("escape", "i")
    await on.until(lambda: isinstance(on.app.screen, InspectScreen))
    await on.until(lambda: "im_start" in str(on.app.screen.query_one("#prompt-text").render()))
    await on.pilot.press("p")
    await on.until(lambda: "sky" in str(on.app.screen.query_one("#token-text").render()))


async def listed(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    on.chat.action_new()
    await on.ask("What is a list of conversations?")
    await on.pilot.press("ctrl+b")


async def renamed(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    await on.pilot.press("f2")
    await on.until(lambda: on.app.screen.query(Input))
    on.app.screen.query_one(Input).cursor_blink = False


async def light(on: Stage) -> None:
    await on.pilot.press("ctrl+l")
    await answered(on)


async def edited(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    await on.ask("Are you sure?")
    await on.pilot.press("escape", "k", "k", "e")
    await on.until(lambda: isinstance(on.app.screen, EditorScreen))
    on.app.screen.query_one(TextArea).cursor_blink = False
    await on.pilot.press(*"So: ")


async def discarded(on: Stage) -> None:
    await edited(on)
    await on.pilot.press("escape")
    await on.until(lambda: isinstance(on.app.screen, ConfirmScreen))


async def corrected(on: Stage) -> None:
    await edited(on)
    await on.pilot.press("ctrl+s")
    await on.until(lambda: on.app.screen is on.chat and on.said)


async def learning(on: Stage) -> None:
    history(on.store, on.model)
    await on.pilot.press("ctrl+g")
    await on.until(lambda: "43 %" in str(on.app.screen.query_one("#progress").render()))
    await on.pilot.press("tab", "down")


async def tuning(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    history(on.store, on.model)
    await on.until(lambda: on.chat.status_line.status.tune)


async def unlearned(on: Stage) -> None:
    await on.pilot.press("ctrl+g")
    await on.until(lambda: "No tune" in str(on.app.screen.query_one("#progress").render()))


async def called(on: Stage) -> None:
    await on.ask("How much is it?")
    await on.pilot.press("escape", "k", "o", "tab")
    on.chat.prompt.put("Is it open?")
    await on.pilot.press("enter")
    await on.until(lambda: on.app.screen.query("#arguments"))


async def searched(on: Stage) -> None:
    zebras = "Zebras have **stripes**; no two zebras have the same.\n\n" + "More on that. " * 20
    for title, texts in (
        ("Animals", ("Tell me about zebras", zebras)),
        ("[x]", ("A zebra?", "Yes")),
    ):
        said = [user(texts[0]), assistant(texts[1])]
        write(on.database, said, title)
    with on.store._db.write() as db:
        db.execute("UPDATE messages SET created = ?", (datetime(2026, 3, 9, 12).timestamp(),))
    await on.pilot.press("ctrl+f")
    await on.until(lambda: on.app.screen.query(Input))
    on.app.screen.query_one(Input).value = "zebra"  # at once, so that it is looked up once
    await on.until(lambda: str(on.app.screen.query_one("#outcome").render()) == "3 messages")
    on.app.screen.query_one(Input).cursor_blink = False
    await on.pilot.press("down")


async def searched_in_vain(on: Stage) -> None:
    await on.pilot.press("ctrl+f", *"colour:red")
    await on.until(lambda: "no filter" in str(on.app.screen.query_one("#outcome").render()))
    on.app.screen.query_one(Input).cursor_blink = False


SCENES: list[Scene] = [
    first_run,
    answered,
    crashed,
    helped,
    inspected,
    listed,
    light,
    renamed,
    edited,
    discarded,
    corrected,
    learning,
    unlearned,
    tuning,
    called,
    searched,
    searched_in_vain,
]


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_screen(
    scene: Scene,
    size: tuple[int, int],
    tmp_path: Path,
    snap_compare: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replies: list[str | Script] = [ANSWER, REASONED, Script("It is the", crash_at=2)]
    staged = Stage(tmp_path, replies, thinking=THINK)
    if scene is called:
        staged = Stage(tmp_path, [*CALLS], template="<tool_call>", settings=ONLINE)
        monkeypatch.setattr("localai.chat.call_line.took", lambda seconds: "61 ms")
    assert unchanged(snap_compare, staged, size, scene)
