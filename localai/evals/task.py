"""What an evaluation is made of: questions with what makes an answer right, answers, scores.

Values only. How questions are asked is in `asking`, what the tasks are in `tasks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from localai.catalog import ModelEntry
from localai.config import Settings
from localai.conversation import Message
from localai.engine.base import Engine
from localai.store.store import Store
from localai.tools.toolbox import Toolbox

Pool = Literal["train", "dev", "gate"]
"""What questions are for: to learn from, to choose by, to judge by. No question, no wording of
it and nothing that it asks about is in two of them."""

Style = Literal["direct", "steps"]

Scores = dict[str, float]
"""What an item came to by measure, 0 to 1 unless the measure has a unit. One that says nothing
of an item is missing, so that the mean of a measure is over the items that it is about."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `id` is the same whenever the task gives it; `kind` is what results are
    told apart by, `level` how hard it is, from 1. `context` are turns before it.

    What makes an answer right, as far as the task knows it: one of `answers`, the regular
    expression `pattern`, or saying that it cannot be known (`unanswerable`). `tool` is the one
    to call first, "" for none, None where that is not asked; `arguments` is what it is to be
    called with. `extra` is the task's own.
    """

    id: str
    question: str
    kind: str = ""
    level: int = 0
    context: tuple[Message, ...] = ()
    answers: tuple[str, ...] = ()
    pattern: str = ""
    unanswerable: bool = False
    tool: str | None = None
    arguments: dict[str, Any] = {}
    extra: dict[str, Any] = {}


class Called(msgspec.Struct, frozen=True):
    """A call that was made for an answer, and what came of it."""

    name: str
    arguments: dict[str, Any]
    result: str
    ok: bool


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was said in the end, `reasoning` apart; `ended`: by itself. `tokens` counts all that
    were sampled, `ids` are those of the last message. `raw` is that message as it was sampled,
    before reasoning and calls were told apart."""

    text: str
    raw: str = ""
    reasoning: str = ""
    tokens: int = 0
    ended: bool = True
    calls: tuple[Called, ...] = ()
    ids: tuple[int, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """A question with its answers (one for each sample) and their scores."""

    example: Example
    answers: tuple[Answer, ...]
    scores: Scores


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How questions are asked. `samples` answers to each, greedy at `temperature` 0;
    `thinking` turns the reasoning of models that have it on or off, at most `budget` tokens of
    it (0: no limit)."""

    style: Style = "direct"
    samples: int = 1
    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 256
    thinking: bool | None = None
    budget: int = 0


class Place(msgspec.Struct, frozen=True):
    """What an evaluation has to work with. The engine answers with whatever adapter is in
    force; nothing is written to the store by a task."""

    engine: Engine
    entry: ModelEntry
    settings: Settings
    store: Store
    toolbox: Toolbox


class Measure(msgspec.Struct, frozen=True):
    """A name in `Scores`. `better`: whether more of it, or less, is better, or neither."""

    name: str
    about: str
    better: Literal["more", "less", ""] = "more"
    unit: str = ""


def unscored(example: Example, answers: Sequence[Answer]) -> Scores:
    """No scores: for tasks whose `ask` gives them."""
    return {}


Ask = Callable[[Place, "Task", Sequence[Example], Manner], Iterator[Outcome]]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of evaluation. `examples(place, pool)` gives all of a pool, in an order of which
    every beginning is a fair sample; `score` judges all answers to one of them.

    The first of `measures` is the one that models are compared by. `derived` are numbers that
    come of all items' scores together (F1, say), shares of which more is better, unless there is
    a measure of the same name that says otherwise. `tools`: the model is told of the user's tools,
    and its calls are run. `ask` replaces how questions are asked, where there is no answer to
    sample, or more to ask with than a question; it gives the scores, too.
    """

    name: str
    about: str
    measures: tuple[Measure, ...]
    examples: Callable[[Place, Pool], Sequence[Example]]
    score: Callable[[Example, Sequence[Answer]], Scores] = unscored
    manner: Manner = Manner()
    styles: tuple[Style, ...] = ("direct",)
    tools: bool = False
    derived: Mapping[str, Callable[[Sequence[Scores]], float]] = {}
    ask: Ask | None = None
