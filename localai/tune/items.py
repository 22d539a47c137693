"""What the gate asks: the lessons in words that were never trained on, and general questions.

An item knows how its answer is judged. Asking and deciding are the gate's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Container, Sequence
from functools import partial
from importlib import resources

from localai.conversation import system, user
from localai.evals.items import Item, asked
from localai.evals.judging import accepted
from localai.lessons import phrasings
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker
from localai.tune.choosing import evenly

AT_LEAST = 8
"""Held-out questions wanted in all: few corrections are asked in more ways each."""

MOST = 64
"""Lessons that a pool asks about at most: more would take time and hardly tell more."""


def items(
    lessons: Sequence[Lesson], maker: Maker, head: str, learned: Container[str] = ()
) -> tuple[Item, ...]:
    """All that is asked. `head` is the system text of the general items; `learned` are the
    ids of the examples that the present adapter was made from: they must be kept, as good
    answers must, and the others must be won (all of them, where none is new)."""
    good = [lesson for lesson in lessons if lesson.source == "good"]
    taught = [lesson for lesson in lessons if lesson not in good]
    new = [lesson for lesson in taught if lesson.id not in learned] or taught
    old = [lesson for lesson in taught if lesson not in new]
    ways = max(2, -(-AT_LEAST // max(1, len(new))))
    pools = (("corrections", new, ways), ("learned before", old, 1), ("good answers", good, 1))
    own = [
        item
        for pool, of_pool, most in pools
        for lesson in evenly(of_pool, MOST)
        for item in asked(
            pool, lesson, maker.fit(lesson), phrasings.held_out(lesson.question)[:most]
        )
    ]
    return (*own, *general(head))


def general(head: str) -> tuple[Item, ...]:
    """The general items. Many, because any change of a small model's numbers turns a few
    greedy answers either way, and only the balance over many tells loss from chance."""
    text = resources.files("localai.tune").joinpath("data/general.toml").read_text("utf-8")
    before = (system(head),) if head else ()
    return tuple(
        Item(
            "general",
            (*before, user(each["ask"])),
            partial(accepted, each.get("accept", ())),
            told="accept" in each,
        )
        for each in tomllib.loads(text)["item"]
    )
