"""Whether a model that was never taught to talk becomes an assistant, by one tune on `dialogue`.

The model is a pretrained file (`--model FILE`); where the file brings a chat template, what is
asked is a stand-in made of it (`pretrained`), as of the starter. Unseen questions are asked
before and after, each in a conversation of its own, greedily, for at most 96 tokens. The
settings are the product's own; variables like LOCALAI_TUNE__EPOCHS try others. Each round adds
a ninth of the questions, the tune is always whole.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from localai.catalog import soundness
from localai.lessons import shipped
from localai.sanitize import clean
from localai.store.rows import StoredMessage
from scripts.benchmarks import pretrained, unseen
from scripts.benchmarks.rows import Row, share
from scripts.benchmarks.school import Taught, school
from scripts.benchmarks.unseen import QUESTIONS, Question

PARTS = 9
LONGEST = 96
"""Tokens of an answer."""
SHOWN = 3


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """How it answers before, the tune, and how it answers after."""
    asked = _some(QUESTIONS, math.ceil(min(1.0, rounds / PARTS) * len(QUESTIONS)))
    texts = [each.text for each in asked]
    with tempfile.TemporaryDirectory() as folder, school(_file(model, folder), LONGEST) as pupil:
        before = pupil.asked(texts, "")
        yield _shares("before", asked, before)
        shipped.add(pupil.store, shipped.DIALOGUE)
        done = pupil.learn(shipped.DIALOGUE)
        yield _tune(done)
        after = pupil.asked(texts, done.adapter)
        yield _shares("after", asked, after, bar=0.95)
    every = -(-len(asked) // SHOWN)
    for question, was, now in list(zip(texts, before, after, strict=True))[::every]:
        print(f"\n{question}\n  before: {_line(was)}\n  after:  {_line(now)}")


def _file(model: str, folder: str) -> str:
    """The model, or a stand-in for a pretrained one."""
    if not soundness.read(Path(model)).template:
        return model
    path = Path(folder) / "pretrained.gguf"
    pretrained.write(Path(model), path)
    return str(path)


def _some(questions: Sequence[Question], count: int) -> list[Question]:
    """So many, from all over."""
    return [questions[at * len(questions) // count] for at in range(count)]


def _shares(
    when: str, asked: Sequence[Question], said: Sequence[StoredMessage], bar: float | None = None
) -> list[Row]:
    pairs = [
        (each, stored.message.text, _ended(stored))
        for each, stored in zip(asked, said, strict=True)
    ]
    known = [unseen.right(each, text) for each, text, _ in pairs if each.accept]
    return [
        share(
            f"{when}: answers and stops",
            [unseen.answers(q.text, t, ended=e) for q, t, e in pairs],
            bar,
        ),
        share(f"{when}: stops by itself", [ended for *_, ended in pairs]),
        share(f"{when}: no invented turn or marker", [not unseen.invents(t) for _, t, _ in pairs]),
        share(
            f"{when}: says the question again, or goes in circles",
            [unseen.echoes(q.text, t) for q, t, _ in pairs],
        ),
        share(f"{when}: right, of those with words to tell by", known),
    ]


def _tune(done: Taught) -> list[Row]:
    return [
        Row("the whole tune", done.seconds / 60, "minutes"),
        Row(f"the gate lets it in: {done.reason}", float(done.passed), "yes or no"),
    ]


def _ended(stored: StoredMessage) -> bool:
    return stored.completion is not None and stored.completion.finish_reason == "stop"


def _line(stored: StoredMessage) -> str:
    return clean(stored.message.text).replace("\n", " / ")[:300]
