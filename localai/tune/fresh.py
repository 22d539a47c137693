"""More words for few lessons: paraphrases that were never trained on, found by the bare model.

A handful of corrections is too little to tell learning from luck. So the gate asks for each in
further words: those that the model found and that are not learned, then some that it draws
anew. Its engine must answer without an adapter.
"""

from __future__ import annotations

from collections.abc import Sequence

from localai.errors import LocalaiError
from localai.lessons import phrasings, rewrites, sameness
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker

SEED = 2
"""Another than that by which what is learned was drawn."""


def ways(maker: Maker, lessons: Sequence[Lesson]) -> list[tuple[str, ...]]:
    """For each lesson, other words for its question, as they are and in the frames that are kept
    out of training; often none. No LocalaiError comes out of it: what cannot be found is
    missing."""
    able = [lesson for lesson in lessons if rewrites.wanted(lesson)]
    try:
        drawn = iter(rewrites.find(maker, able, SEED) if able else [])
    except LocalaiError:
        drawn = iter([()] * len(able))
    return [_framed(maker, each, next(drawn) if each in able else ()) for each in lessons]


def _framed(maker: Maker, lesson: Lesson, drawn: Sequence[str]) -> tuple[str, ...]:
    own = lesson.rewrites
    known = [*phrasings.training(lesson.question), *own[: maker.rewrites], *lesson.dropped]
    fresh = list[str]()
    for text in (*own[maker.rewrites :], *drawn):
        if not any(sameness.near(text, each) for each in (*known, *fresh)):
            fresh.append(text)
    framed = (way for text in fresh for way in phrasings.held_out(text))
    return tuple(dict.fromkeys((*fresh, *framed)))
