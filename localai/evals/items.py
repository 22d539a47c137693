"""A lesson as a question: in other words, after the talk that it is learned in, and how an
answer is judged. The gate and the evaluation of corrections both ask so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from localai.conversation import Message
from localai.engine.base import RenderOptions
from localai.evals.judging import calls, follows, taught
from localai.evals.task import Answer
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Fitted


class Item(msgspec.Struct, frozen=True):
    """One question of a pool; `right` judges an answer to it. `told`: by what is in the
    answer, so that the beginning which decides can be found. `visible` are the markers of
    calls, where tools are offered; `taught` the names that an answer learns from the user."""

    pool: str
    talk: tuple[Message, ...]
    right: Callable[[Answer], bool]
    told: bool = True
    options: RenderOptions = RenderOptions()
    visible: tuple[str, ...] = ()
    taught: frozenset[str] = frozenset()


def asked(pool: str, lesson: Lesson, fitted: Fitted, ways: Sequence[str]) -> list[Item]:
    """A lesson, which is `fitted` for the model, asked in these words."""
    offer = fitted.offer
    names = frozenset[str]() if lesson.name else taught(lesson)
    return [
        Item(
            pool,
            fitted.lesson.ask(way),
            partial(calls, lesson, offer) if offer else partial(follows, lesson),
            told=offer is None,
            options=msgspec.structs.replace(fitted.options, generation_prompt=True),
            visible=offer.visible if offer else (),
            taught=names,
        )
        for way in ways
    ]
