"""The pools that the gate asks, and how each of them is asked by whatever adapter is in force.

All are kept out of training: the user's lessons in other words, general questions, and of the
evaluation tasks the questions of the pool "gate", which nobody is rewarded by. What the answers
decide is in `verdict`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from localai.chat import offer
from localai.engine.base import Engine, Job, Request, Sampling
from localai.evals import asking, tasks, written
from localai.evals.items import Item
from localai.evals.task import Answer, Example, Manner, Outcome, Place, Task
from localai.rl.problems import cell_of
from localai.tune.gate.aim import CORRECTIONS, OWN_PROBLEMS, Aim
from localai.tune.gate.verdict import Rule, Said

LONGEST_ANSWER = 192
LEAST_WINDOW = 1024
"""Tokens of a window that has room for the questions of tasks and their answers."""

UNLIKELY = 25.0
"""Nats for a number that is none: about what the least probability costs."""

GREEDY = Sampling(temperature=0.0)

NATS = "nats"


class Questions(Protocol):
    """A pool, by what decides on it. `general`: the answers have nothing to do with what was
    learned."""

    name: str
    rule: Rule
    general: bool

    def __len__(self) -> int:
        """How many there are."""
        ...

    def ask(self, place: Place, at: Sequence[int]) -> Iterator[tuple[int, Said]]:
        """The answers to these of them, greedy, each with its number, as they come."""
        ...

    def key(self, at: int) -> str:
        """What tells this question, as it is asked and judged, from others."""
        ...


class Items:
    """Questions of a run's own and general ones, judged by themselves."""

    def __init__(self, name: str, rule: Rule, items: Sequence[Item]) -> None:
        self.name, self.rule, self.items = name, rule, tuple(items)
        self.general = name == "general"

    def __len__(self) -> int:
        return len(self.items)

    def ask(self, place: Place, at: Sequence[int]) -> Iterator[tuple[int, Said]]:
        """See `Questions`."""
        asked = [self.items[each] for each in at]
        for number, answer in answers(place.engine, asked):
            item = asked[number]
            yield at[number], Said(item.talk[-1].text, answer, float(item.right(answer)))

    def key(self, at: int) -> str:
        """See `Questions`."""
        item = self.items[at]
        return _key(self.name, item.talk, item.options, item.visible)


class OfTask:
    """Questions of an evaluation task, by one of its measures."""

    def __init__(
        self, name: str, rule: Rule, task: Task, manner: Manner, examples: Sequence[Example]
    ) -> None:
        self.name, self.rule = name, rule
        self.general = name in ("known", "unknown", "hygiene")
        self._task, self._manner, self._examples = task, manner, tuple(examples)

    def __len__(self) -> int:
        return len(self._examples)

    def ask(self, place: Place, at: Sequence[int]) -> Iterator[tuple[int, Said]]:
        """See `Questions`."""
        asked = [self._examples[each] for each in at]
        numbers = {example.id: number for number, example in zip(at, asked, strict=True)}
        ask = self._task.ask or asking.ask
        for outcome in ask(place, self._task, asked, self._manner) if asked else ():
            yield numbers[outcome.example.id], self._said(outcome)

    def key(self, at: int) -> str:
        """See `Questions`."""
        return _key(self._task.name, self.rule.measure, self._manner, self._examples[at])

    def _said(self, outcome: Outcome) -> Said:
        example, (answer, *_) = outcome.example, (*outcome.answers, Answer(text=""))
        value = outcome.scores.get(self.rule.measure, math.nan)
        if not math.isfinite(value):
            value = UNLIKELY if self.rule.unit else 0.0
        return Said(example.question, answer, value, spares=example.tool == "")


def _key(*told: object) -> str:
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]


def answers(engine: Engine, asked: Sequence[Item]) -> Iterator[tuple[int, Answer]]:
    """Greedy answers to all items, side by side, by whatever adapter is in force; each with the
    number of its item, as they come."""
    jobs = [
        Job(
            Request(
                engine.render(item.talk, item.options).ids,
                GREEDY,
                LONGEST_ANSWER,
                visible=item.visible,
            )
        )
        for item in asked
    ]
    for each in engine.sample(jobs):
        done = each.completion
        ended = done.finish_reason == "stop"
        yield (
            each.job,
            Answer(text=each.text, raw=each.text, tokens=len(done.ids), ended=ended, ids=done.ids),
        )


class _Asked(msgspec.Struct, frozen=True):
    """How a task is asked by the gate: answers of so many tokens (0: as the task has it), this
    share of the questions that are asked of each, by this rule."""

    rule: Rule
    max_tokens: int = 0
    share: float = 1.0

    def most(self, questions: int) -> int:
        """How many of them, where so many are asked of each."""
        return max(1, round(self.share * questions))


TASKS = {
    "known": _Asked(Rule("kept", 0.10, "right"), share=2.0),
    "unknown": _Asked(Rule("kept", 0.12, "abstained")),
    "tools": _Asked(Rule("kept", 0.12, "routed")),
    "reasoning": _Asked(Rule("kept", 0.12, "right"), max_tokens=128),
    "hygiene": _Asked(Rule("kept", 0.15, "sound"), max_tokens=96, share=1.5),
    "retention": _Asked(Rule("kept", 0.25, "loss", unit=NATS), max_tokens=16, share=0.25),
    OWN_PROBLEMS: _Asked(Rule("counted", measure="right"), max_tokens=128),
}
"""The tasks that every candidate is judged by. The margins are what may be lost: of facts, which
are asked most, a tenth, of what there is less to ask a little more (docs/decisions, 26)."""

OTHER_REASONING = "other reasoning"

ITEMS = {
    CORRECTIONS: Rule("better"),
    "learned before": Rule("counted"),
    "good answers": Rule("counted"),
    "general": Rule("kept", 0.12),
}


def pools(
    place: Place, items: Sequence[Item], aim: Aim, own: Task | None = None
) -> tuple[Questions, ...]:
    """All that is asked, what the run trained for first; of the user's `own` problems, too. Tools
    are left out where the model is told of none, the tasks where its window has no room for them,
    and retention keeps to what we wrote answers to."""
    found = list[Questions]()
    for name in dict.fromkeys(item.pool for item in items):
        some = [item for item in items if item.pool == name]
        if name == "general":  # in an order of which every beginning is a fair sample
            some = list(written.mixed(some))
        found.append(Items(name, ITEMS[name], some))
    if place.engine.load().n_ctx >= LEAST_WINDOW:
        made, ours = _Pools(place, aim), [tasks.find(name) for name in TASKS if name in tasks.TASKS]
        found += [pool for task in (*ours, *([own] if own else ())) for pool in made.of(task)]
    asked = [pool for pool in found if len(pool)]
    return tuple(sorted(asked, key=lambda pool: pool.rule.kind != "better"))


class _Pools:
    """Makes the pools of tasks for a run that had this aim."""

    def __init__(self, place: Place, aim: Aim) -> None:
        self._place, self._aim = place, aim
        self._questions = place.settings.tune.gate_questions

    def of(self, task: Task) -> Iterator[OfTask]:
        """The pools that a task makes: one, or two where only part of it was trained for."""
        name, examples = task.name, self._examples(task)
        target = name in self._aim.targets
        if name != "reasoning" or not self._aim.cells:
            yield self._pool(name, task, examples, target=target)
            return
        trained = [each for each in examples if cell_of(each) in self._aim.cells]
        others = [each for each in examples if cell_of(each) not in self._aim.cells]
        yield self._pool(name, task, trained, target=target)
        yield self._pool(OTHER_REASONING, task, others, target=False)

    def _examples(self, task: Task) -> Sequence[Example]:
        if task.name == "tools" and not self._tools:
            return ()
        found = task.examples(self._place, "gate")
        if task.name == "retention":
            return [each for each in found if each.kind == "answered"]
        return found

    @property
    def _tools(self) -> bool:
        """Whether the model is told of tools."""
        place = self._place
        described = place.entry.description.tool_format
        told = offer.wanted(place.engine.load(), described, place.settings.tools.offer)
        return told and bool(place.toolbox.tools)

    def _pool(self, name: str, task: Task, examples: Sequence[Example], *, target: bool) -> OfTask:
        asked = TASKS[task.name]
        rule, manner = asked.rule, task.manner
        if target:
            rule = msgspec.structs.replace(rule, kind="better")
        elif task.name == "retention" and self._aim.reshapes:
            rule = msgspec.structs.replace(rule, kind="told")
        if asked.max_tokens and task.name not in self._aim.targets:
            manner = msgspec.structs.replace(manner, max_tokens=asked.max_tokens)
        return OfTask(name, rule, task, manner, examples[: asked.most(self._questions)])
