"""Scripted models that know the answers, some of the time: what the gate is tried out on.

`Student` answers each question by the adapter in force. What it says is right is told by the
tasks themselves, which it takes the questions and answers from.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from localai.catalog import Catalog
from localai.config import Settings, ToolSettings, TuneSettings
from localai.conversation import Event
from localai.engine.base import BARE, AdapterFile, Beside, Request, TokenProbability
from localai.engine.scripted import Script, ScriptedEngine
from localai.evals import tasks
from localai.evals.items import Item
from localai.evals.task import Example, Place
from localai.evals.tool_questions import pool
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker
from localai.store.store import Store
from localai.tools.registry import BUILTIN, builtin
from localai.tools.toolbox import Toolbox
from localai.tune import items
from localai.tune.gate.aim import Aim
from localai.tune.gate.stages import compare
from localai.tune.gate.verdict import Verdict
from tests.engine.tiny_adapter import write_adapter
from tests.lessons.made import lesson

Mind = Callable[[str], str]
"""What is said to a question."""

QUESTIONS = TuneSettings().gate_questions

LESSON = lesson("Your cat is called Minka.")


class Student(ScriptedEngine):
    """Answers by `minds`, by the sha256 of the adapter in force ("": the bare model); each token
    of `likely` probability by each, where it is asked how likely something is."""

    def __init__(self, minds: Mapping[str, Mind], likely: Mapping[str, float]) -> None:
        super().__init__()
        self._minds, self._likely = dict(minds), dict(likely)

    def generate(self, request: Request) -> Generator[Event, None, None]:
        """What the mind in force says to the last question."""
        beside = request.beside
        adapter = beside.adapter.sha256 if beside else self.load().adapter
        asked = "".join(self.pieces(request.ids)).rpartition("<|im_start|>user\n")[2]
        self._replies = [Script(self._minds[adapter](asked.partition("<|im_end|>")[0]))]
        return super().generate(request)

    def probabilities(
        self, ids: Sequence[int], start: int, beside: Beside | None = None
    ) -> tuple[TokenProbability, ...]:
        """The same for every token."""
        adapter = beside.adapter.sha256 if beside else self.load().adapter
        of = TokenProbability(0, "", self._likely[adapter])
        return (of,) * (len(ids) - start)


def knows(seed: int, shares: Mapping[str, float], default: float = 0.6) -> Mind:
    """A mind that answers rightly this share of each pool; which questions is the seed's."""

    def says(question: str) -> str:
        of, told = _answers().get(question, ("corrections", LESSON.chosen))
        dice = zlib.crc32(f"{seed} {question}".encode()) % 10_000 / 10_000
        return told if dice < shares.get(of, default) else _wrong(question)

    return says


BASE = knows(1, {"corrections": 0.0, "reasoning": 0.3, "unknown": 0.1})
BETTER = knows(1, {"corrections": 0.9, "reasoning": 0.3, "unknown": 0.1})
"""Nothing of the corrections is known, or nearly all of it; the rest is the same."""


def also(mind: Mind, before: Mind, share: float, seed: int = 9) -> Mind:
    """A mind that says what `before` says, but for a share of the questions."""

    def says(question: str) -> str:
        dice = zlib.crc32(f"{seed} {question}".encode()) % 10_000 / 10_000
        return mind(question) if dice < share else before(question)

    return says


def place(
    store: Store, model: Path, engine: Student, questions: int = QUESTIONS, *, tools: bool = False
) -> Place:
    """Where the gate asks: a real file, a scripted engine."""
    return Place(
        engine,
        Catalog().resolve(str(model)),
        Settings(
            tune=TuneSettings(gate_questions=questions),
            tools=ToolSettings(offer="on" if tools else "off"),
        ),
        store,
        Toolbox([builtin(name) for name in BUILTIN]),
    )


def asked(*lessons: Lesson) -> tuple[Item, ...]:
    """The run's own questions and the general ones."""
    return items.items(lessons or (LESSON,), Maker(ScriptedEngine()), "")


def verdict(
    store: Store,
    model: Path,
    mind: Mind,
    before: Mind,
    *,
    aim: Aim | None = None,
    likely: float = 0.5,
    questions: int = QUESTIONS,
    tools: bool = False,
    seconds: float = 0.0,
    told: list[str] | None = None,
) -> Verdict:
    """What the gate says of a candidate with this mind, beside the bare model with that one."""
    candidate = model.parent / "candidate.gguf"
    sha256 = write_adapter(candidate, scale=0.01)
    engine = Student({"": before, sha256: mind}, {"": 0.5, sha256: likely})
    own = () if aim and "corrections" not in aim.targets else asked()
    general = tuple(item for item in asked() if item.pool == "general")
    heard = [] if told is None else told

    def tell(what: str) -> Callable[[int, int], None]:
        heard.append(what)
        return lambda done, total: None

    found = compare(
        place(store, model, engine, questions, tools=tools),
        own or general,
        BARE,
        AdapterFile(str(candidate), sha256),
        tell,
        aim,
        seconds,
    )
    assert engine.load().adapter == ""
    return found


def _wrong(question: str) -> str:
    """Something clean that is right for nothing."""
    return f"That would be zq{zlib.crc32(question.encode()) % 100_000}q."


@cache
def _answers() -> dict[str, tuple[str, str]]:
    """Of every question of a task and every general one: its pool and a right answer."""
    found = dict[str, tuple[str, str]]()
    for item in items.general(""):
        found[item.talk[-1].text] = ("general", _accepted(item))
    nothing = cast(Any, None)  # these know all their questions themselves
    anywhere = Place(nothing, nothing, Settings(), nothing, nothing)
    for name in ("hygiene", "unknown", "known", "reasoning"):
        for example in tasks.find(name).examples(anywhere, "gate"):
            told = "I don't know that." if name == "unknown" else (*example.answers, "")[0]
            found[example.question] = (name, told or _wrong(example.question))
    for example in pool.questions("gate", BUILTIN):
        told = _call(example) if example.tool else _wrong(example.question)
        found[example.question] = ("tools", told)
    return found


def _accepted(item: Item) -> str:
    """What a general item takes for right."""
    assert isinstance(item.right, partial)
    (phrases,) = item.right.args
    return f"It is {phrases[0]}." if phrases else _wrong(item.talk[-1].text)


def _call(example: Example) -> str:
    """The call that is wanted, alone on its line, as a model is told to write it."""
    given = ", ".join(f"{name}={json.dumps(each)}" for name, each in example.arguments.items())
    return f"{example.tool}({given})\n"
