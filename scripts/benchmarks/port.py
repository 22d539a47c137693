"""Importing and exporting: messages a second, and the memory that a large file takes.

The peer of an import is a bare FTS5 table that is given the same texts in one statement each
hundred rows: no tree, no hashes, no identities.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from localai.port.reading import Import
from localai.port.writing import WRITERS
from localai.store.driver import sqlite
from localai.store.store import Store
from scripts.benchmarks.rows import Row, paired

MESSAGES, TURNS, WORDS = 50_000, 10, 40
MANY, MANY_ROUNDS = 1_000_000, 3
BAR = 20_000
_FTS = "CREATE VIRTUAL TABLE t USING fts5 (text, tokenize='unicode61 remove_diacritics 2')"


def texts(count: int, words: int) -> list[str]:
    """Texts of so many words, of which few are common and most are rare."""
    draw = random.Random(0)
    vocabulary = [f"w{number:05}" for number in range(20_000)]
    pool = [
        " ".join(vocabulary[int(draw.paretovariate(0.7)) % len(vocabulary)] for _ in range(words))
        for _ in range(2_000)
    ]
    return [f"{number} {draw.choice(pool)}" for number in range(count)]


def write_lines(path: Path, said: list[str]) -> None:
    """OpenAI messages, one conversation of TURNS messages on each line."""
    with path.open("w", encoding="utf-8") as file:
        for start in range(0, len(said), TURNS):
            turns = [
                {"role": "assistant" if number % 2 else "user", "content": text}
                for number, text in enumerate(said[start : start + TURNS])
            ]
            file.write(json.dumps({"messages": turns}) + "\n")


def bare(path: Path, said: list[str]) -> float:
    """Texts a second into a bare FTS5 table."""
    with closing(sqlite.connect(str(path), isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(_FTS)
        began = time.perf_counter()
        db.execute("BEGIN")
        for start in range(0, len(said), 100):
            part = said[start : start + 100]
            db.execute(f"INSERT INTO t (text) VALUES {', '.join(['(?)'] * len(part))}", part)
        db.execute("COMMIT")
        return len(said) / (time.perf_counter() - began)


def timed(path: Path, store: Store) -> float:
    """Messages a second of an import."""
    began = time.perf_counter()
    report = Import(store).run(path)
    return (report.messages + report.messages_known) / (time.perf_counter() - began)


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """All figures of importing and exporting."""
    with tempfile.TemporaryDirectory() as name:
        yield _imports(Path(name), MESSAGES, rounds)
        with Store.open(Path(name) / "0" / "localai.db") as store:
            yield _exports(store, Path(name))
    with tempfile.TemporaryDirectory() as name:
        yield _imports(Path(name), MANY, MANY_ROUNDS)


def _imports(folder: Path, count: int, rounds: int) -> list[Row]:
    """So many messages into an empty history, the same again, and the peer."""
    said, lines = texts(count, WORDS), folder / "said.jsonl"
    write_lines(lines, said)
    ours, peers, again = [], [], []
    for number in range(rounds):
        with Store.open(folder / f"{number}" / "localai.db") as store:
            ours.append(timed(lines, store))
            again.append(timed(lines, store))
        peers.append(bare(folder / f"bare{number}.db", said))
    name = f"import {count:,} messages"
    return [
        Row(name, statistics.median(ours), "messages/s", bar=BAR, n=rounds),
        paired(f"{name} / bare FTS5", "messages/s", ours, peers),
        Row(f"{name} again", statistics.median(again), "messages/s", n=rounds),
    ]


def _exports(store: Store, folder: Path) -> list[Row]:
    """Each form of export, reading our own back, and the largest memory so far."""
    found = []
    for form, writer in WRITERS.items():
        began = time.perf_counter()
        trees = (tree for id_ in store.conversation_ids() if (tree := store.tree(id_)))
        with (folder / form).open("w", encoding="utf-8") as file:
            for piece in writer(trees):
                file.write(piece)
        rate = MESSAGES / (time.perf_counter() - began)
        found.append(Row(f"export {form}", rate, "messages/s"))
    with Store.open(folder / "back" / "localai.db") as other:
        found.append(Row("import our JSON", timed(folder / "json", other), "messages/s"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found.append(Row("peak memory", peak, "MB", better="low"))
    return found
