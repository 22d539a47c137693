"""Made-up questions and answers in plain sentences, of any length, to train on.

A grammar of a few frames draws them, the same ones each time: no text of anybody's, and
still something to learn, since a question's words come again in its answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from msgspec.structs import replace

from localai.conversation import assistant, user
from localai.engine.base import LoadOptions
from localai.engine.process import EngineProcess
from localai.lessons.maker import WHOLE, Example

PLACES = ("harbour", "market", "old mill", "library", "garden", "workshop", "station", "bakery")
PEOPLE = ("the keeper", "a fisherman", "the baker", "my neighbour", "the teacher", "a carpenter")
DEEDS = ("repairs", "paints", "counts", "sells", "collects", "washes", "measures", "carries")
THINGS = ("lanterns", "wooden boats", "baskets", "clocks", "apples", "blankets", "maps", "bells")
TIMES = ("every morning", "before noon", "in the evening", "on rainy days", "all summer", "at dawn")
ASKED = (
    "What happens at the {place} {time}?",
    "Who works at the {place} {time}?",
    "Tell me about the {place} {time}.",
    "What would I see at the {place} {time}?",
)
TOLD = (
    "At the {place}, {one} {deed} {thing} {time}.",
    "{One} {deed} {thing} there {time}.",
    "Near the {place} you can hear how {one} {deed} {thing}.",
    "Later {one} {deed} {thing}, and nobody is in a hurry.",
)


def talks(seed: int, sentences: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """Questions with their answers, without end; an answer has so many sentences."""
    draw = random.Random(seed)
    while True:
        topic = {"place": draw.choice(PLACES), "time": draw.choice(TIMES)}
        asked = draw.choice(ASKED).format(**topic)
        told = [_sentence(draw, topic) for _ in range(draw.randint(*sentences))]
        yield asked, " ".join(told)


def _sentence(draw: random.Random, topic: dict[str, str]) -> str:
    one = draw.choice(PEOPLE)
    words = {"one": one, "One": one.capitalize()}
    words |= {"deed": draw.choice(DEEDS), "thing": draw.choice(THINGS)}
    return draw.choice(TOLD).format(**topic, **words)


def examples(
    model: str, count: int, *, seed: int, sentences: tuple[int, int], tokens: tuple[int, int]
) -> list[Example]:
    """So many of them as the model's template has them, each of at least and at most so many
    tokens; nothing comes after what counts."""
    found: list[Example] = []
    with EngineProcess(LoadOptions(model, n_ctx=tokens[1])) as engine:
        for asked, told in talks(seed, sentences):
            answer = replace(assistant(told), learn=True)
            made = engine.render((user(asked), answer), WHOLE)
            end = max(at for at, weight in enumerate(made.weights) if weight) + 1
            if tokens[0] <= end <= tokens[1]:
                found.append(Example(made.ids[:end], made.weights[:end]))
            if len(found) == count:
                return found
    raise AssertionError
