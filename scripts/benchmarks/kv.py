"""Going on with a long conversation after a restart: its saved cache against reading it.

Each round starts an engine process of its own for either side, both loaded before the clock
starts; the clock stops at the first token of the next answer.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from localai.conversation import Message, user
from localai.engine.base import LoadOptions, RenderOptions
from localai.engine.process import EngineProcess
from localai.kv_folder import KvFolder
from scripts.benchmarks.chat_engine import consume, long_conversation
from scripts.benchmarks.rows import Row, paired

TOKENS = 4000
N_CTX = 4608
BUDGET = 4_000_000_000
QUESTION = user("And what did the keeper do in that storm?")


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Bar 4, and what a saved conversation costs."""
    saved: list[float] = []
    read: list[float] = []
    with tempfile.TemporaryDirectory() as place:
        folder = KvFolder(Path(place) / "kv")
        keeping = LoadOptions(model, n_ctx=N_CTX, kv_folder=str(folder.path), kv_disk=BUDGET)
        history, seconds = _save(keeping)
        tokens, size = len(history), sum(each.size for each in folder.files())
        with EngineProcess(keeping) as engine:
            before = [*_messages(engine), QUESTION]
            ids = engine.render(before, RenderOptions()).ids
        for _ in range(rounds):
            saved.append(1000 * _first_token(keeping, ids))
            read.append(1000 * _first_token(LoadOptions(model, n_ctx=N_CTX), ids))
    yield [
        paired(
            f"first token after a restart ({tokens} tokens saved) / reading them",
            "ms", saved, read, bar=0.15, better="low",
        ),
        Row("a saved token", size / tokens / 1000, "KB", n=1),
        Row("saving it", 1000 * statistics.median(seconds), "ms", n=len(seconds)),
    ]  # fmt: skip


def _messages(engine: EngineProcess) -> list[Message]:
    """A conversation of about that many tokens."""
    part = long_conversation()
    messages: list[Message] = []
    while True:
        for at in range(0, len(part), 2):
            longer = [*messages, *part[at : at + 2]]
            if len(_rendered(engine, longer)) > TOKENS:
                return messages
            messages = longer


def _rendered(engine: EngineProcess, messages: Sequence[Message]) -> tuple[int, ...]:
    return engine.render(messages, RenderOptions(generation_prompt=False)).ids


def _save(keeping: LoadOptions, times: int = 3) -> tuple[tuple[int, ...], list[float]]:
    """Read the conversation and have it saved; its ids, and the seconds that saving took."""
    seconds: list[float] = []
    with EngineProcess(keeping) as engine:
        ids = _rendered(engine, _messages(engine))
        consume(engine, ids, 1)
        for again in range(times):
            if again:
                _empty(keeping)
            asked = time.perf_counter()
            engine.keep()
            seconds.append(time.perf_counter() - asked)
    return ids, seconds


def _empty(keeping: LoadOptions) -> None:
    for each in KvFolder(Path(keeping.kv_folder)).files():
        each.path.unlink()


def _first_token(options: LoadOptions, ids: Sequence[int]) -> float:
    """Seconds to the first token in a fresh process."""
    with EngineProcess(options) as engine:
        engine.load()
        return consume(engine, ids, 2)[1]
