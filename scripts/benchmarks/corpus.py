"""A made-up history of any size for measuring the store: words as frequent as in English.

Words are built from syllables and drawn by Zipf's law (the n-th word 1/n as often as the
first), so that common words, rare ones and beginnings that many share are all there.
"""

from __future__ import annotations

import itertools
import random
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from localai.conversation import Message, ToolCall, ToolResult, assistant, user
from localai.store import messages, opening
from localai.store.driver import sqlite
from localai.store.ids import new_id
from localai.store.m007_search import FILL_DAYS
from localai.store.rows import Origin
from localai.store.store import Store

WORDS = 60_000
TURNS = 5
"""A conversation has so many questions; every tenth conversation also calls a tool."""
QUESTION, ANSWER = 12, 90
"""Words of a question and of an answer, on average."""
BATCH = 1_000
"""Conversations that are written in one transaction."""
RARE = 1_000
"""One conversation in so many is with a model that is rarely used."""
CORRECTIONS = 1_000
DAYS = 1_000
DAY = 86_400
NOW = 1_767_225_600
"""The last message is of this time: 2026-01-01."""

SYLLABLES = [
    first + vowel + last
    for first in ("b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v")
    for vowel in "aeiou"
    for last in ("", "l", "n", "r", "s")
]


@cache
def vocabulary() -> list[str]:
    """Words, the most frequent first; frequent ones are short, as in a language."""
    draw = random.Random(0)
    found = dict[str, None]()
    for number in itertools.count():
        found["".join(draw.choices(SYLLABLES, k=1 + min(3, number // 200)))] = None
        if len(found) == WORDS:
            return list(found)
    raise AssertionError


def word(draw: random.Random) -> str:
    """A word; common and rare ones equally often, by the order of magnitude of their rank."""
    known = vocabulary()
    return known[int(len(known) ** draw.random()) - 1]


def build(path: Path, count: int) -> None:
    """Write a history of about `count` messages to `path`, with corrections and dates."""
    database = opening.open_database(path, readonly=False, checkpoints=True)
    talks = _talks()
    try:
        made, numbers = 0, itertools.count(1)
        while made < count:
            with database.write() as db:
                for _ in range(BATCH):
                    model = "rare" if next(numbers) % RARE == 0 else ""
                    made += _write(db, next(talks), model)
        with database.write() as db:
            db.execute(
                "UPDATE messages SET created = ? - (? - number) * ?",
                (NOW, made, DAYS * DAY / made),
            )
            # So far each block is also of today.
            db.execute("DELETE FROM message_days")
            db.execute(FILL_DAYS)
            db.execute(
                "UPDATE conversations SET updated = (SELECT max(created) FROM messages m "
                "WHERE m.conversation = conversations.id)"
            )
        store = Store(database)  # not opened as usual, which would start a backup
        for row in store.conversations(limit=CORRECTIONS):
            store.add_correction(row.leaf, "It is " + store.message(row.leaf).message.text)
    finally:
        database.close()


def _talks() -> Iterator[list[Message]]:
    """Conversations without end."""
    draw = random.Random(1)
    words = vocabulary()
    sums = list(itertools.accumulate(1 / (rank + 2) for rank in range(WORDS)))

    def text(length: int) -> str:
        count = max(1, round(draw.expovariate(1 / length)))
        return " ".join(words[bisect(sums, draw.random() * sums[-1])] for _ in range(count))

    for number in itertools.count():
        talk: list[Message] = []
        for turn in range(TURNS):
            talk.append(user(text(QUESTION)))
            if number % 10 == 0 and turn == 0:
                name = "calculator" if number % 100 else "weekday"
                talk.append(Message("assistant", (ToolCall("1", name, {}),)))
                talk.append(Message("tool", (ToolResult("1", text(QUESTION)),)))
            code = "\n```\nx = 1\n```" if turn == 3 else ""
            talk.append(assistant(text(ANSWER) + code))
        yield talk


def _write(db: sqlite.Connection, talk: list[Message], model: str) -> int:
    """Add one conversation inside the running transaction; its number of messages."""
    id_, title = new_id(), talk[0].text[:60]
    model = model or ("small" if len(title) % 5 else "large")
    db.execute(
        "INSERT INTO conversations (id, title, system, created, updated) VALUES (?, ?, '', ?, ?)",
        (id_, title, NOW, NOW),
    )
    parent = ""
    for said in talk:
        origin = Origin(model) if said.role == "assistant" else None
        parent = messages.insert(db, id_, parent, said, "done", origin, writer="")
    return len(talk)
