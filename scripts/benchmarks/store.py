"""A history of a million messages: searching it, opening the app on it, adding to it.

The history is made once (some minutes, 1.4 GB in the folder for temporary files) and used
again. The peer of a search is the bare query: FTS5's own best matches, nothing but their
numbers.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from localai.conversation import assistant, user
from localai.store import query
from localai.store.connection import connect
from localai.store.driver import sqlite
from localai.store.store import Store
from scripts.benchmarks import corpus
from scripts.benchmarks.rows import Row, bootstrap, paired, quantile

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 1_000_000
QUERIES = 200
INSERTS = 2_000
SIZE = (120, 40)
BARE = "SELECT rowid FROM message_text WHERE message_text MATCH ? ORDER BY rank LIMIT 50"

FILTERS = {
    "many fit": ("role:user", "model:large", "has:code", "after:2025-10"),
    "few fit": (
        *("tool:weekday", "before:2023-05", "after:2025-12-31"),
        *("model:rare", "has:correction", "role:tool"),
    ),
}
"""Filters to be put to one word."""


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """All figures. `rounds` is the number of times the app is opened."""
    path = history()
    with Store.open(path, readonly=True) as store:
        yield words(store, path)
        yield filters(store)
    yield opening(path, rounds)
    yield inserts(path)


def history() -> Path:
    """The database, made unless it is there."""
    folder = Path(tempfile.gettempdir()) / f"localai-bench-{MESSAGES}"
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}-unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        corpus.build(unfinished / "localai.db", MESSAGES)
        unfinished.rename(folder)
    return folder / "localai.db"


def typed(draw: random.Random) -> str:
    """What somebody may type: a word, two, an unfinished one, a phrase, an unwanted word.

    Common and rare words come equally often by the order of magnitude of their rank.
    """
    vocabulary, word = corpus.vocabulary(), partial(corpus.word, draw)
    begun = word()
    kinds = (
        lambda: f"{word()} ",
        lambda: begun[: draw.randint(1, len(begun))],
        lambda: f"{word()} {begun[: draw.randint(1, len(begun))]}",
        lambda: f"{word()} {word()} ",
        lambda: f'"{vocabulary[draw.randint(0, 20)]} {word()}"',
        lambda: f"{word()} -{word()} ",
    )
    return draw.choice(kinds)()


def milliseconds(action: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - began)


def _bare(db: sqlite.Connection, fts: str) -> object:
    return db.execute(BARE, (fts,)).fetchall()


def words(store: Store, path: Path) -> list[Row]:
    """Bar 2: searching by words, then the bare queries.

    Not in turn: ranking half a million matches leaves memory in pieces, and whatever comes
    next in the process pays for it.
    """
    draw = random.Random(0)
    texts = [typed(draw) for _ in range(QUERIES)]
    ours = [milliseconds(partial(store.search, text)) for text in texts]
    bare = connect(path, readonly=True, checkpoints=False)
    peers = [milliseconds(partial(_bare, bare, query.parse(text).fts)) for text in texts]
    bare.close()
    own, peer = quantile(ours, 0.95), quantile(peers, 0.95)
    return [
        Row("search, p95", own, "ms", bar=50, better="low", n=QUERIES),
        Row(
            "search / bare FTS5, p95",
            own,
            "ms",
            peer=peer,
            ratio=own / peer,
            bar=1.3,
            better="low",
            n=QUERIES,
        ),
        paired("search / bare FTS5, median", "ms", ours, peers),
        Row("search, slowest", max(ours), "ms", peer=max(peers), n=QUERIES),
    ]


def filters(store: Store) -> list[Row]:
    """Bar 2: searching by one word and a filter."""
    found: list[Row] = []
    for kind, choices in FILTERS.items():
        draw = random.Random(0)
        times: list[float] = []
        for _ in range(QUERIES):
            word = corpus.word(draw)
            times.append(milliseconds(partial(store.search, f"{word} {draw.choice(choices)}")))
        name = f"search with a filter that {kind}, p95"
        found.append(Row(name, quantile(times, 0.95), "ms", bar=50, better="low", n=QUERIES))
    return found


def opening(path: Path, rounds: int) -> list[Row]:
    """Bar 2: from the start of the process to the list of conversations in the app."""
    command = [sys.executable, "-m", "scripts.benchmarks.store", str(path)]

    def seconds() -> float:
        now = str(time.time())
        done = subprocess.run([*command, now], cwd=ROOT, stdout=subprocess.PIPE, check=True)
        return float(done.stdout)

    times = [seconds() for _ in range(rounds + 1)][1:]
    value, interval = statistics.median(times), bootstrap(times)
    return [Row("opening the app", value, "s", None, None, interval, 1.0, "low", rounds)]


async def open_app(path: Path) -> None:
    """Open the app headless, wait for the list of conversations."""
    from localai.config import Settings
    from localai.errors import ModelError
    from tui.app import LocalaiApp

    def no_engine() -> None:
        raise ModelError("There is no model here.")

    app = LocalaiApp(
        Settings(),
        open_store=lambda: Store.open(path, checkpoints=True),
        open_engine=no_engine,  # type: ignore[arg-type]
        tune=(),
    )
    async with app.run_test(size=SIZE) as pilot:
        assert app.chat is not None
        while app.chat.sidebar.option_count < 2:
            await pilot.pause()
        sys.stdout.write(str(time.time() - float(sys.argv[2])))


def inserts(path: Path) -> list[Row]:
    """Bar 2: adding messages one by one, each on disk when the call returns."""
    times: list[float] = []
    with Store.open(path, checkpoints=True) as store:
        talk = store.create_conversation("A long talk").id
        texts = _texts(INSERTS)
        parent = ""
        for number, text in enumerate(texts):
            said = assistant(text) if number % 2 else user(text)
            began = time.perf_counter()
            parent = store.add_message(talk, parent, said).id
            times.append(1000 * (time.perf_counter() - began))
        store.purge(talk)
    return [
        Row("adding a message, p99", quantile(times, 0.99), "ms", bar=10, better="low", n=INSERTS),
        Row("adding a message, median", statistics.median(times), "ms", n=INSERTS),
        Row("adding a message, slowest", max(times), "ms", n=INSERTS),
    ]


def _texts(count: int) -> Sequence[str]:
    """Texts like those that are there."""
    draw = random.Random(2)
    return [" ".join(corpus.word(draw) for _ in range(60)) for _ in range(count)]


if __name__ == "__main__":
    asyncio.run(open_app(Path(sys.argv[1])))
