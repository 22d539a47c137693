"""What the gate asks: the lessons in words that were never trained on, and general questions.

An item knows how its answer is judged. Asking and deciding are the gate's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Container, Sequence
from functools import partial
from importlib import resources

import msgspec
from msgspec.structs import replace

from localai.conversation import Message, system, user
from localai.engine.base import RenderOptions
from localai.evals.judging import accepted, calls, follows
from localai.evals.task import Answer
from localai.lessons import phrasings
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker
from localai.tune.choosing import evenly

AT_LEAST = 8
"""Held-out questions wanted in all: few corrections are asked in more ways each."""

MOST = 64
"""Lessons that a pool asks about at most: more would take time and hardly tell more."""


class Item(msgspec.Struct, frozen=True):
    """One question of a pool; `right` judges an answer to it. `told`: by what is in the
    answer, so that the beginning which decides can be found. `visible` are the markers of
    calls, where tools are offered."""

    pool: str
    talk: tuple[Message, ...]
    right: Callable[[Answer], bool]
    told: bool = True
    options: RenderOptions = RenderOptions()
    visible: tuple[str, ...] = ()


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
        for item in _asked(pool, lesson, maker, most)
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


def _asked(pool: str, lesson: Lesson, maker: Maker, most: int) -> list[Item]:
    """A lesson's question in up to `most` held-out ways, after the talk that it is learned in."""
    fitted = maker.fit(lesson)
    offer = fitted.offer
    return [
        Item(
            pool,
            fitted.lesson.ask(phrasing),
            partial(calls, lesson, offer) if offer else partial(follows, lesson),
            told=offer is None,
            options=replace(fitted.options, generation_prompt=True),
            visible=offer.visible if offer else (),
        )
        for phrasing in phrasings.held_out(lesson.question)[:most]
    ]
