"""What a tune would train on, read back from the ids and weights that the trainer would get."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from localai.engine.base import Engine
from localai.store.store import Store
from localai.tune import dataset
from localai.tune.dataset import Example

OF_TOOLS = "It corrects an answer that used tools."
TOO_LONG = "It is too long to learn from."


class Seen(msgspec.Struct, frozen=True):
    """An example as text: all of it, and the part that counts. `tokens` in all, `weighted`
    of them."""

    text: str
    learned: str
    tokens: int
    weighted: int


class Preview(msgspec.Struct, frozen=True):
    """A correction and its examples; `left_out` says why there are none."""

    correction: str
    question: str
    examples: tuple[Seen, ...] = ()
    left_out: str = ""


def previews(store: Store, engine: Engine) -> Iterator[Preview]:
    """Every accepted correction, oldest first."""
    corrections = store.corrections()
    lessons = {each.correction: each for each in dataset.lessons(store, corrections)}
    for correction in corrections:
        lesson = lessons.get(correction.id)
        if lesson is None:
            answer = store.message(correction.chosen)
            asked = (row.message.text for row in reversed(store.path(answer.id)[:-1]))
            yield Preview(correction.id, next(filter(None, asked), ""), left_out=OF_TOOLS)
            continue
        made = tuple(_seen(engine, each) for each in dataset.examples(lesson, engine))
        yield Preview(correction.id, lesson.question, made, "" if made else TOO_LONG)


def _seen(engine: Engine, example: Example) -> Seen:
    pieces = engine.pieces(example.ids)
    counted = [p for p, weight in zip(pieces, example.weights, strict=True) if weight]
    return Seen("".join(pieces), "".join(counted), len(pieces), len(counted))
