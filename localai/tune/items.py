"""What the gate asks: the lessons in words that were never trained on, and general questions.

An item knows how its answer is judged. Asking and deciding are the gate's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Container, Iterator, Sequence
from functools import partial
from importlib import resources

from localai.conversation import system, user
from localai.evals.items import Item, asked
from localai.evals.judging import accepted
from localai.lessons import phrasings
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker
from localai.tune import fresh
from localai.tune.choosing import evenly
from localai.tune.gate import rules
from localai.tune.gate.aim import OWN_POOLS

AT_LEAST = 8
"""Held-out questions wanted in all of what is to be kept: few lessons are asked in more ways
each."""

WANTED = rules.needed_to_win(0.5, 0.05)
"""The same of what is new: so many show a gain when half of them are won and hardly any lost."""

MOST = 64
"""Lessons that a pool asks about at most: more would take time and hardly tell more."""


def items(
    lessons: Sequence[Lesson],
    maker: Maker,
    head: str,
    learned: Container[str] = (),
) -> tuple[Item, ...]:
    """All that is asked. `head` is the system text of the general items; `learned` are the
    ids of the examples that the present adapter was made from: they must be kept, as good
    answers must, and the others must be won (all of them, where none is new). What is taught by
    a data set that a task asks about is left to that. Where the held-out words are too few for
    what is new, more are found by the maker's engine, which must answer without an adapter."""
    own = [lesson for lesson in lessons if lesson.name not in OWN_POOLS]
    good = [lesson for lesson in own if lesson.source == "good"]
    taught = [lesson for lesson in own if lesson not in good]
    new = [lesson for lesson in taught if lesson.id not in learned] or taught
    old = [lesson for lesson in taught if lesson not in new]
    return (
        *_asked("corrections", new, maker, least=WANTED, each=2),
        *_asked("learned before", old, maker, least=AT_LEAST, each=1),
        *_asked("good answers", good, maker, least=0, each=1),
        *general(head),
    )


def _asked(
    pool: str, lessons: Sequence[Lesson], maker: Maker, *, least: int, each: int
) -> Iterator[Item]:
    """Questions about some of the lessons, in `each` so many words or more, for so many at
    `least` in all."""
    some = evenly(lessons, MOST)
    most = max(each, -(-least // max(1, len(some))))
    ways = [phrasings.held_out(lesson.question)[:most] for lesson in some]
    short = least - sum(map(len, ways))
    if pool == "corrections" and some and short > 0:
        more, found = -(-short // len(some)), fresh.ways(maker, some)
        ways = [(*own, *others[:more]) for own, others in zip(ways, found, strict=True)]
    for lesson, own in zip(some, ways, strict=True):
        yield from asked(pool, lesson, maker.fit(lesson), own)


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
