"""Examples of every kind to look through, always the same, and what the review shows of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from textual.widgets import OptionList

from localai.conversation import assistant, user
from localai.store.store import Store
from localai.store.tuning import StoredExample
from tests.tui.lessons import NIGHT, tell
from tests.tui.stage import Stage
from tui.screens.data_sets import DataSetScreen
from tui.screens.review import ReviewScreen

CAPITAL = "What is the capital of Zubrowka?"
GREETING = "How do I greet a captain?"

PIRATES = ("Who are you?", "Where is the treasure?", "Sing me a song.")
LONG = (
    "The ferry leaves at noon, unless the river is high, in which case it leaves at two, or "
    "not at all."
)


def sample(store: Store) -> None:
    """Two corrections, one of them pending; a good and a bad answer; a data set of dialogues
    that came from elsewhere and wait; one written by hand, the newest of all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", count(NIGHT, 60.0).__next__)
        store.mark(tell(store, "What is 2 + 2?", "Fish.").id, "bad")
        store.mark(tell(store, GREETING, "Say ahoy.").id, "good")
        shorter = tell(store, "When does the ferry leave?", LONG)
        store.add_correction(shorter.id, "The ferry leaves at noon.", "shorter")
        brought(store)
        said = tell(store, CAPITAL, "The capital is Paris.")
        made = store.add_correction(said.id, "The capital of Zubrowka is Lutz.", "invented")
        store.judge_example(made.id, "pending")
        talk = (user("Hello"), assistant("Ahoy!"), user("Who are you?"), assistant("A pirate."))
        store.write_example(talk, "Talk like a pirate.")


def brought(store: Store, name: str = "pirates") -> None:
    """Dialogues of a data set, all pending."""
    for question in PIRATES:
        store.write_example((user(question), assistant("Arr, that be a secret!")), name=name)
    with store._db.write() as db:
        db.execute(
            "UPDATE examples SET source = 'imported', state = 'pending' WHERE name = ?", (name,)
        )


def many(store: Store, number: int, name: str = "many") -> None:
    """A data set of so many pending dialogues, written at once."""
    store.write_example((user("Question"), assistant("Answer")), name=name)
    (first,) = store.examples(name=name)
    rows = [(f"{at:026}", f"A{at:025}", f"Q{at:025}") for at in range(number - 1)]
    copy = """INSERT INTO messages (id, conversation, parent, depth, role, status, created, learn,
        writer, error, vocab, origin, ids, parts, text) SELECT ?, conversation, ?, ?, ?, status,
        created, learn, writer, error, vocab, origin, ids, parts, text FROM messages WHERE id = ?"""
    with store._db.write() as db:
        db.executemany(copy, [(q, None, 1, "user", first.leaf) for _, _, q in rows])
        db.executemany(copy, [(a, q, 2, "assistant", first.leaf) for _, a, q in rows])
        db.executemany(
            "INSERT INTO examples (id, leaf, source, name, state, whole, created) "
            "VALUES (?, ?, 'imported', ?, 'pending', 1, ?)",
            [(id_, a, name, NIGHT) for id_, a, _ in rows],
        )
        db.execute("UPDATE examples SET state = 'pending' WHERE name = ?", (name,))


def review(on: Stage) -> ReviewScreen:
    screen = next(s for s in on.app.screen_stack if isinstance(s, ReviewScreen))
    assert isinstance(screen, ReviewScreen)
    return screen


def content(on: Stage, selector: str) -> str:
    return str(review(on).query_one(selector).render())


def rows(on: Stage) -> list[StoredExample]:
    return review(on).examples.rows


def current(on: Stage) -> str:
    row = review(on).examples.current
    return row.question if row else ""


def states(on: Stage) -> list[str]:
    """What the store says of what is listed."""
    return [on.store.example(row.id).state for row in rows(on)]


@asynccontextmanager
async def reviewing(
    staged: Stage, *keys: str, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Stage]:
    """The app with the sample under review, after keys that list something else."""
    async with staged.show(size) as on:
        sample(on.store)
        await open_review(on, *keys)
        yield on


async def open_review(on: Stage, *keys: str) -> None:
    """Open it, then press keys that list something else."""
    await on.pilot.press("f3")
    await on.until(lambda: isinstance(on.app.screen, ReviewScreen))
    await on.until(lambda: content(on, "#headline") and content(on, "#said"))
    for key in keys:
        await list_others(on, key)


async def list_others(on: Stage, *keys: str) -> None:
    """Press keys that list something else."""
    before = content(on, "#headline")
    await on.pilot.press(*keys)
    await on.until(lambda: content(on, "#headline") != before)


async def open_all(on: Stage) -> None:
    await open_review(on, "f", "f", "f")
    await on.until(lambda: len(rows(on)) == 8)


async def choose_set(on: Stage, number: int) -> None:
    """Choose the data set with this number in the list of them."""
    await on.pilot.press("s")
    await on.until(lambda: isinstance(on.app.screen, DataSetScreen))
    on.app.screen.query_one(OptionList).highlighted = number
    await list_others(on, "enter")
