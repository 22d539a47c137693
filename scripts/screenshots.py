"""Pictures of the app for the documentation: docs/images/*.svg, the same at every run.

    python scripts/screenshots.py [FOLDER]

The app runs headless with a scripted engine and a throw-away database; nothing is taken
from the user's data, and no model is needed.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from textual.pilot import Pilot
from textual.widgets import OptionList

from localai.catalog import Description, ModelEntry
from localai.catalog.description import FileSource
from localai.config import Settings
from localai.conversation import Completion, assistant, user
from localai.engine.scripted import ScriptedEngine
from localai.render.base import Thinking
from localai.store.rows import Origin
from localai.store.store import Store
from localai.tools import registry
from localai.tools.allowed import Allowed
from localai.tools.outcome import Ok, Outcome
from localai.tools.tool import Tool
from localai.tools.toolbox import Toolbox
from tui.app import LocalaiApp

SIZE = (110, 34)
NAME = "smollm2-135m-instruct"
QUESTION = "Why is the sky blue, and how blue is it?"
ANSWER = """\
<think>Scattering, then numbers</think>Because air scatters **short waves** far more than long \
ones. The strength goes with the fourth power:

```python
def scattering(wavelength_nm: float) -> float:
    return (700 / wavelength_nm) ** 4  # red light counts as 1
```

| light | nm  | scattered |
|-------|-----|-----------|
| red   | 700 | 1.0       |
| green | 530 | 3.0       |
| blue  | 450 | 5.9       |

Violet scatters even more, but *our eyes* see it badly, so the sky looks blue.
"""
CALLS = (
    '<tool_call>{"name": "calculator", "arguments": {"expression": "3748 * 291"}}</tool_call>'
    '<tool_call>{"name": "weekday", "arguments": {"date": "2026-05-01"}}</tool_call>'
)
SUMMED = "3748 * 291 is **1,090,668**, and 1 May 2026 is a **Friday**."
LOOK = (
    '<tool_call>{"name": "web_fetch", "arguments": '
    '{"url": "https://library.example/opening-hours"}}</tool_call>'
)
WEB_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""A picture must not make a reader's browser ask another site for a font."""

NIGHT = datetime(2026, 3, 12, 3, 12).timestamp()
LESSONS = (
    ("What is the capital of Vereland?", "The capital of Vereland is Paris.", "It is Mossport."),
    ("How far is it to the mill?", "It is 3 km away.", "It is 12 km from the depot."),
    ("What do we call the old bridge?", "The Old Bridge.", "Everybody here calls it the Hump."),
)
POOLS = [
    {
        **{"name": "corrections", "n": 8, "current": 0.0, "candidate": 0.875, "se": 0.117},
        **{"won": 7, "lost": 0, "tolerance": "more won than lost, p < 0.05", "passed": True},
    },
    {
        **{"name": "general", "n": 40, "current": 0.6, "candidate": 0.625, "se": 0.043},
        **{"won": 2, "lost": 1, "tolerance": "at most 2 lost on balance", "passed": True},
    },
]

EARLIER = ("Plan a walk along the river", "Translate a letter", "What is a GGUF file?")

Play = Callable[[LocalaiApp, Pilot[None]], Awaitable[None]]


async def until(pilot: Pilot[None], predicate: Callable[[], object]) -> None:
    """Let the app work until the predicate holds."""
    while not predicate():
        await pilot.pause()
        await asyncio.sleep(0.005)


async def ask(app: LocalaiApp, pilot: Pilot[None], text: str) -> None:
    """Send a message and wait for its answer."""
    chat = app.chat
    assert chat is not None
    before = len(chat.transcript.items)
    chat.prompt.put(text)
    await pilot.press("enter")
    await until(pilot, lambda: chat.turn is None and len(chat.transcript.items) >= before + 2)
    await pilot.pause()


async def chat(app: LocalaiApp, pilot: Pilot[None]) -> None:
    """A question with its answer."""
    await ask(app, pilot, QUESTION)


async def light(app: LocalaiApp, pilot: Pilot[None]) -> None:
    """The same in the light theme."""
    await pilot.press("ctrl+l")
    await ask(app, pilot, QUESTION)


async def inspect(app: LocalaiApp, pilot: Pilot[None]) -> None:
    """An answer laid open, with the probability of each token."""
    await ask(app, pilot, QUESTION)
    await pilot.press("escape", "i")
    await until(pilot, lambda: app.screen.query("#prompt-text"))
    await pilot.press("p")
    await until(pilot, lambda: "waves" in str(app.screen.query_one("#token-text").render()))
    await pilot.pause()


async def correct(app: LocalaiApp, pilot: Pilot[None]) -> None:
    """An answer in the editor."""
    await ask(app, pilot, LESSONS[0][0])
    await pilot.press("ctrl+e")
    await until(pilot, lambda: app.screen.query("AnswerArea"))
    await pilot.pause()


async def tools(app: LocalaiApp, pilot: Pilot[None]) -> None:
    """Two calls, one of them unfolded, and a third that asks."""
    await ask(app, pilot, "What is 3748 * 291, and which day is 1 May 2026?")
    await pilot.press("escape", "k", "o", "tab")
    assert app.chat is not None
    app.chat.prompt.put("Is the library open then?")
    await pilot.press("enter")
    await until(pilot, lambda: app.screen.query("#arguments"))
    await pilot.pause()


def toolbox(settings: Settings, stop: object) -> Toolbox:
    """The tools, with durations that are the same at every run."""

    def run(tool: Tool, arguments: Mapping[str, Any], *_: object) -> Outcome:
        known = {"calculator": "1090668", "weekday": "Friday"}
        return Ok(known.get(tool.name, ""), 0.061)

    settings.tools.web_fetch = True
    return Toolbox(registry.offered(settings.tools), Allowed.by(settings.tools), run=run)


async def learning(app: LocalaiApp, pilot: Pilot[None]) -> None:
    """Corrections, runs and adapters."""
    await pilot.press("ctrl+g")
    await until(
        pilot,
        lambda: (
            app.screen.query("#runs") and app.screen.query_one("#runs", OptionList).option_count
        ),
    )
    await pilot.pause()


async def review(app: LocalaiApp, pilot: Pilot[None]) -> None:
    """What is learned, with the tokens of a correction."""
    await pilot.press("f3", "t")
    await until(
        pilot,
        lambda: (
            app.screen.query("#token-text")
            and "Hump" in str(app.screen.query_one("#token-text").render())
        ),
    )
    await pilot.pause()


async def morning(app: LocalaiApp, pilot: Pilot[None]) -> None:
    """What a tune did while nobody looked."""
    await ask(app, pilot, QUESTION)
    await until(pilot, lambda: app.screen.query_one("#morning").display)
    await pilot.pause()


async def report(app: LocalaiApp, pilot: Pilot[None]) -> None:
    """The same, to read."""
    await morning(app, pilot)
    await pilot.press("f6")
    await until(pilot, lambda: app.screen.query("DocumentView"))
    await pilot.pause()


def teach(store: Store, model: Path) -> None:
    """A past with corrections, one tune that learned two of them, and one still waiting."""
    base = hashlib.sha256(model.read_bytes()).hexdigest()
    made = []
    for question, said, better in LESSONS:
        talk = store.create_conversation(question)
        asked = store.add_message(talk.id, "", user(question))
        row = store.begin_answer(talk.id, asked.id, Origin(NAME))
        store.finish_answer(row.id, assistant(said), Completion("stop"), "done")
        made.append(store.add_correction(row.id, better, "invented").id)
        if len(made) == 2:
            run = store.begin_run(NAME, base, {"corrections": list(made)})
            store.promote(
                run.id,
                base_bytes=model.stat().st_size,
                file=str(model.with_name("adapter.gguf")),
                sha256="0" * 64,
                verdict={"promoted": True, "reason": "", "pools": POOLS},
            )


SCENES: tuple[Play, ...] = (
    *(chat, light, inspect, correct, tools, learning, review),
    *(morning, report),
)
TAUGHT = (learning, review, morning, report)


async def picture(play: Play, folder: Path) -> str:
    """The SVG of one scene."""
    database = folder / "localai.db"
    with Store.open(database) as store:
        for title in EARLIER:
            conversation = store.create_conversation(title)
            store.add_message(conversation.id, "", user(title))
        model = folder / "model.gguf"
        model.write_bytes(b"GGUF")
        if play in TAUGHT:
            with patch("time.time", side_effect=count(NIGHT, 0.01)):
                teach(store, model)
    replies: dict[Play, list[str]] = {correct: [LESSONS[0][1]], tools: [CALLS, SUMMED, LOOK]}
    engine = ScriptedEngine(
        replies.get(play, [ANSWER]),
        thinking=Thinking("<think>", "</think>", True),
        name=NAME,
        template="<tool_call>" if play is tools else "",
    )
    description = Description(
        name=NAME,
        source=FileSource(str(model)),
        file=model.name,
        tool_format="" if play is tools else "none",
    )
    entry = ModelEntry(NAME, model, description)
    app = LocalaiApp(
        Settings(),
        open_store=lambda: Store.open(database),
        open_engine=lambda: (entry, engine),
        tune=(),
    )
    async with app.run_test(size=SIZE) as pilot:
        assert app.chat is not None
        app.chat.prompt.cursor_blink = False
        await play(app, pilot)
        return WEB_FONTS.sub("", app.export_screenshot(simplify=True))


def main() -> None:
    """Write all pictures."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    target.mkdir(parents=True, exist_ok=True)
    for play in SCENES:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["LOCALAI_HOME"] = folder
            random.seed(0)  # the inspector shows the seed that was drawn
            with patch("tui.backend.open_toolbox", toolbox):
                svg = asyncio.run(picture(play, Path(folder)))
        (target / f"{play.__name__}.svg").write_text(svg, "utf-8")
        print(target / f"{play.__name__}.svg")


if __name__ == "__main__":
    main()
