"""The app as a person feels it: speed beside the screen, keys, ten thousand messages.

Runs the real app headless, with everything but the terminal's own drawing.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.pilot import Pilot

import tui.app
from localai.chat.open import open_engine
from localai.config import ChatSettings, SamplingSettings, Settings
from localai.conversation import assistant, user
from localai.engine.base import LoadOptions, RenderOptions
from localai.engine.process import EngineProcess
from localai.store.store import Store
from scripts.benchmarks.chat_engine import N_CTX, STORY, consume
from scripts.benchmarks.rows import Row, paired, quantile
from tui.app import LocalaiApp

MESSAGES = 10_000
ANSWER_TOKENS = 256
SIZE = (120, 40)
PATIENCE = 120.0


class TimedApp(LocalaiApp):
    """The app, remembering when it last gave a frame to the terminal."""

    CSS_PATH: ClassVar = [
        str(Path(tui.app.__file__).with_name(str(name))) for name in LocalaiApp.CSS_PATH
    ]
    painted = 0.0

    def _display(self, screen: object, renderable: object) -> None:
        super()._display(screen, renderable)  # type: ignore[arg-type]
        if renderable is not None:
            self.painted = time.perf_counter()


def app(model: str, home: Path, conversation: str = "") -> TimedApp:
    """An app on a database of its own."""
    settings = Settings(
        sampling=SamplingSettings(temperature=0.0, repeat_penalty=1.0),
        chat=ChatSettings(max_tokens=ANSWER_TOKENS),
    )
    settings.engine.context = N_CTX
    return TimedApp(
        settings,
        open_store=partial(Store.open, home / "localai.db"),
        open_engine=partial(open_engine, settings, model),
        tune=(),
        conversation=conversation,
    )


async def until(condition: Callable[[], bool], pause: Callable[[], Awaitable[None]]) -> None:
    """Wait for something the app does. Raises TimeoutError after two minutes."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        await pause()


def short_pause() -> Awaitable[None]:
    """Give the app its turn."""
    return asyncio.sleep(0.002)


async def ask(running: TimedApp, pilot: Pilot[None]) -> None:
    """Type the question and wait until the answer streams."""
    chat = running.chat
    assert chat is not None
    chat.prompt.put(STORY)
    await pilot.press("enter")
    await until(lambda: chat.turn is not None and chat.turn.tokens > 0, short_pause)


async def streaming(model: str, home: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Per round: decode speed inside the app as the store recorded it; key latencies in ms."""
    rates: list[float] = []
    latencies: list[float] = []
    running = app(model, home)
    async with running.run_test(size=SIZE) as pilot:
        chat = running.chat
        assert chat is not None
        for round_ in range(2 * rounds + 1):
            typing = round_ % 2 == 1
            await ask(running, pilot)
            while chat.turn is not None:
                if typing:
                    latencies.append(1000 * await keystroke(running))
                await asyncio.sleep(0.05)
            completion = chat.transcript.items[-1].row.completion
            if round_ and not typing and completion is not None:
                rates.append(completion.tokens_per_second)
            chat.prompt.put("")
            chat.action_new()
    return rates, latencies


async def keystroke(running: TimedApp) -> float:
    """Seconds from a key event to the first frame that holds its letter."""
    assert running.chat is not None
    prompt = running.chat.prompt
    before = prompt.text
    pressed = time.perf_counter()
    running.post_message(events.Key("a", "a"))
    await until(lambda: prompt.text != before, lambda: asyncio.sleep(0))
    changed = time.perf_counter()
    await until(lambda: running.painted >= changed, lambda: asyncio.sleep(0))
    return running.painted - pressed


def speed_and_keys(model: str, rounds: int) -> list[Row]:
    """Bar 4: decode in the app against the plain consumer, and keystroke to repaint."""
    plain: list[float] = []
    with (
        tempfile.TemporaryDirectory() as home,
        EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine,
    ):
        ids = engine.render([user(STORY)], RenderOptions()).ids
        consume(engine, ids, ANSWER_TOKENS)
        plain += [consume(engine, ids, ANSWER_TOKENS)[0] for _ in range(rounds // 2)]
        rates, latencies = asyncio.run(streaming(model, Path(home), rounds))
        plain += [consume(engine, ids, ANSWER_TOKENS)[0] for _ in range(rounds - rounds // 2)]
    return [
        paired("decode inside the app / outside", "tokens/s", rates, plain, bar=0.95),
        Row("keystroke to repaint while streaming, p99", quantile(latencies, 0.99), "ms",
            bar=50, better="low", n=len(latencies)),
        Row("keystroke to repaint while streaming, median", statistics.median(latencies), "ms",
            n=len(latencies)),
    ]  # fmt: skip


def fill(home: Path) -> str:
    """A conversation of ten thousand messages; its id."""
    with Store.open(home / "localai.db") as store:
        conversation = store.create_conversation("Ten thousand")
        parent = ""
        for number in range(MESSAGES // 2):
            question = user(f"Question {number}: what is in **box {number}**?")
            parent = store.add_message(conversation.id, parent, question).id
            answer = assistant(f"In box {number}:\n\n- a lamp\n- `rope {number}`\n\n" + "w " * 80)
            parent = store.add_message(conversation.id, parent, answer).id
    return conversation.id


async def scrolling(model: str, home: Path, conversation: str) -> dict[str, object]:
    """Open the conversation, page through all of it; milliseconds, seen messages, memory."""
    import psutil

    running = app(model, home)
    steps: list[float] = []
    seen: set[int] = set()
    async with running.run_test(size=SIZE) as pilot:
        await pilot.pause()
        chat = running.chat
        assert chat is not None
        began = time.perf_counter()
        chat.open_conversation(conversation)
        await until(lambda: running.painted > began, lambda: asyncio.sleep(0))
        opened = running.painted - began
        transcript = chat.transcript
        transcript.focus()
        await pilot.pause()
        height = transcript.scrollable_content_region.height
        while True:
            seen.update(
                spot[0] for y in range(height) if (spot := transcript.item_at(y)) is not None
            )
            if transcript.scroll_offset.y == 0:
                break
            steps.append(1000 * await page_up(running))
        memory = psutil.Process().memory_info().rss / 1e6
    return {"opened": 1000 * opened, "steps": steps, "seen": len(seen), "memory": memory}


async def page_up(running: TimedApp) -> float:
    """Seconds from the key to the first frame after the transcript has moved."""
    assert running.chat is not None
    transcript = running.chat.transcript
    before = transcript.scroll_offset.y
    pressed = time.perf_counter()
    running.post_message(events.Key("pageup", None))
    await until(lambda: transcript.scroll_offset.y != before, lambda: asyncio.sleep(0))
    moved = time.perf_counter()
    await until(lambda: running.painted >= moved, lambda: asyncio.sleep(0))
    return running.painted - pressed


def long_conversation(model: str) -> list[Row]:
    """Bar 4: ten thousand messages, in an app process that has nothing else in it."""
    with tempfile.TemporaryDirectory() as home:
        conversation = fill(Path(home))
        command = [sys.executable, "-m", "scripts.benchmarks.chat_app", model, home, conversation]
        result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    steps = result["steps"]
    return [
        Row("open a conversation of 10,000 messages", result["opened"], "ms",
            bar=500, better="low"),
        Row("messages reached by paging up", result["seen"], "of 10,000", bar=MESSAGES),
        Row("a page up in it, p99", quantile(steps, 0.99), "ms",
            bar=50, better="low", n=len(steps)),
        Row("memory of the app after that, engine apart", result["memory"], "MB",
            bar=150, better="low"),
    ]  # fmt: skip


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """All figures of the app."""
    yield speed_and_keys(model, rounds)
    yield long_conversation(model)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(scrolling(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))))
