"""How many questions a model can put in other words so that they ask the same, and how long
that takes. Whether what is kept is good English that asks the same is for whoever reads it, so
it is printed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

from localai.chat.open import open_session
from localai.config import Settings
from localai.conversation import assistant
from localai.lessons import rewrites
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker
from localai.lessons.rewriting import AT_ONCE
from localai.store.store import Store
from scripts.benchmarks.rows import Row, share

QUESTIONS = (
    "Who wrote the book The Silent Harbour?",
    "How do I reset the coffee machine in the office?",
    "When does the library on Mill Street open on Saturdays?",
    "What is my dog called?",
    "Which bus goes to the swimming pool?",
    "Why is the sky blue?",
    "How many moons does Mars have?",
    "What's the wifi password for guests?",
    "Where can I park near the office?",
    "Are dogs allowed in the museum?",
    "Is it safe to eat raw potatoes?",
    "What should I do if the printer shows error 42?",
    "How long do you boil an egg?",
    "Who is the head of our sales team?",
    "What does the abbreviation QRT mean in our team?",
    "What time is lunch served in the canteen?",
    "How tall is the Brenner tower?",
    "What colour is the door of the archive?",
    "Which file format should I use for the monthly report?",
    "Did my sister ever live in Bergen?",
    "Whose birthday is in March?",
    "How much does a ticket to the island cost?",
    "When was the old town hall rebuilt after the fire?",
    "Do we have to sign the form twice?",
)
MOST = 8
"""Ways that are kept of each, so that all that pass are seen."""


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """The shares of questions with one way that passes, and with two, and the time each takes."""
    with Store.memory() as store, closing(open_session(store, Settings(), model=model)) as session:
        session.engine.load()
        maker = Maker(session.engine, rewrites=MOST)
        lessons = [Lesson("", (), question, assistant("Yes.")) for question in QUESTIONS]
        begun = time.monotonic()
        found = [
            texts
            for at in range(0, len(lessons), AT_ONCE)
            for texts in rewrites.find(maker, lessons[at : at + AT_ONCE])
        ]
        seconds = time.monotonic() - begun
        for question, texts in zip(QUESTIONS, found, strict=True):
            print("\n    ".join((question, *texts)))
    yield [
        share("questions with one way in the model's words", [len(some) > 0 for some in found]),
        share("questions with two", [len(some) > 1 for some in found]),
        Row(
            name="looking for them, a question",
            value=seconds / len(QUESTIONS),
            unit="s",
            better="low",
            n=len(QUESTIONS),
        ),
    ]
