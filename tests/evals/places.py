"""A small task, and a place to ask it in with a scripted engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localai.config import Settings
from localai.engine.base import Thinking
from localai.engine.scripted import Script, ScriptedEngine
from localai.evals.task import (
    Answer,
    Example,
    Manner,
    Measure,
    Place,
    Pool,
    Scores,
    Task,
)
from localai.store.store import Store
from localai.tools.toolbox import Toolbox
from tests.chat.test_session import entry

CAPITALS = (("France", "Paris"), ("Peru", "Lima"), ("Italy", "Rome"), ("Japan", "Tokyo"))


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """The capitals; each pool asks in words of its own."""
    return tuple(
        Example(
            id=f"{country}-{pool}",
            question=f"What is the capital of {country}?",
            kind="europe" if country in ("France", "Italy") else "elsewhere",
            answers=(city,),
        )
        for country, city in CAPITALS
    )


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """The share of right answers; the length of those that are right."""
    right = [answer for answer in answers if example.answers[0] in answer.text]
    found = {"right": len(right) / len(answers)}
    return found | ({"words": float(len(right[0].text.split()))} if right else {})


def rate(scores: Sequence[Scores]) -> float:
    """The share of all that are wrong, in a way that is derived."""
    return 1 - sum(each["right"] for each in scores) / len(scores)


def task(**fields: Any) -> Task:
    """The task, or one that differs in these fields."""
    given: dict[str, Any] = {
        "name": "capitals",
        "about": "Capitals of countries.",
        "measures": (
            Measure("right", "names the capital"),
            Measure("words", "length of a right answer", better="", unit="words"),
        ),
        "examples": examples,
        "score": score,
        "manner": Manner(max_tokens=64),
        "derived": {"wrong": rate},
    }
    return Task(**given | fields)


def place(
    store: Store,
    replies: Sequence[str | Script] | ScriptedEngine = ("Paris.", "Lima.", "Rome.", "Tokyo."),
    box: Toolbox | None = None,
    *,
    settings: Settings | None = None,
    template: str = "",
    thinking: Thinking | None = None,
) -> Place:
    """With an engine that gives these replies."""
    engine = (
        replies
        if isinstance(replies, ScriptedEngine)
        else ScriptedEngine(replies, template=template, thinking=thinking)
    )
    return Place(engine, entry(), settings or Settings(), store, box or Toolbox())


def prompts(place: Place) -> list[str]:
    """The prompts that the engine got, as words."""
    assert isinstance(place.engine, ScriptedEngine)
    return ["".join(place.engine.pieces(request.ids)) for request in place.engine.requests]
