"""Runs of evaluations as they are looked at: with every answer, summed up anew, beside another."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from localai.errors import UsageError
from localai.evals.running import label, outcomes
from localai.evals.summary import (
    Compared,
    Derived,
    Summary,
    compare,
    compare_kinds,
    summarise,
)
from localai.evals.task import Example, Measure, Outcome
from localai.evals.tasks import find
from localai.store.evaluated import EvalRun
from localai.store.store import Store


class Looked(msgspec.Struct, frozen=True):
    """A run with what was answered. `measures` and `derived` are the task's, as far as it is
    still known."""

    run: EvalRun
    outcomes: tuple[Outcome, ...]
    measures: tuple[Measure, ...]
    derived: Derived
    summary: Summary

    @property
    def main(self) -> Measure:
        """What runs of the task are compared by."""
        return self.measures[0]


class Beside(msgspec.Struct, frozen=True):
    """How the run `second` differs from `first`, on the same questions: in all numbers, and in
    the first measure by kind of question."""

    first: EvalRun
    second: EvalRun
    numbers: tuple[Compared, ...]
    kinds: tuple[Compared, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """By what tells them apart."""
        runs = (self.first, self.second)
        first, second = (label(run.of) for run in runs)
        if self.first.of.base != self.second.of.base:
            first, second = (f"{run.of.model}, {label(run.of)}" for run in runs)
        if first == second:
            first, second = (f"{label(run.of)} {run.short_id}" for run in runs)
        return first, second


def look(store: Store, run: EvalRun) -> Looked:
    """A run of which something was answered. Raises UsageError for any other."""
    found = outcomes(store, run.id)
    if not found:
        raise UsageError(f"Nothing is left of the evaluation {run.short_id}; run it again.")
    measures, derived = _measured(run, found)
    return Looked(run, found, measures, derived, summarise(measures, derived, found))


def beside(first: Looked, second: Looked) -> Beside:
    """Two runs. Raises UsageError where they have no question in common."""
    numbers = compare(second.measures, second.derived, first.outcomes, second.outcomes)
    if not numbers:
        raise UsageError(
            f"{first.run.short_id} and {second.run.short_id} did not ask the same questions; "
            "compare two runs of one task and pool."
        )
    kinds = compare_kinds(second.main, first.outcomes, second.outcomes)
    return Beside(first.run, second.run, numbers, kinds)


def worst(looked: Looked, other: Looked | None, most: int) -> list[Outcome]:
    """The answers with the lowest scores, by the first measure; those first that `other` got
    better. None that are as good as can be."""
    main = looked.main
    sign = -1.0 if main.better == "less" else 1.0
    before = by_id(other.outcomes) if other else {}

    def rank(outcome: Outcome) -> tuple[float, float]:
        score = sign * outcome.scores[main.name]
        was = before.get(outcome.example.id)
        lost = sign * was.scores.get(main.name, outcome.scores[main.name]) - score if was else 0.0
        return -max(0.0, lost), score

    told = [each for each in looked.outcomes if main.name in each.scores]
    best = max((sign * each.scores[main.name] for each in told), default=0.0)
    if not main.unit:  # a share
        best = 0.0 if main.better == "less" else 1.0
    poor = [each for each in told if sign * each.scores[main.name] < best]
    return sorted(poor, key=rank)[:most]


def wanted(example: Example) -> str:
    """What would have been right, in a few words; "" where only the task knows."""
    found = []
    if example.answers:
        found.append(" or ".join(example.answers))
    if example.pattern:
        found.append(f"a match of {example.pattern}")
    if example.unanswerable:
        found.append("that it cannot be known")
    if example.tool is not None:
        found.append(f"a call of {example.tool}" if example.tool else "no call")
    return ", ".join(found)


def by_id(found: Sequence[Outcome]) -> dict[str, Outcome]:
    """The outcomes by their questions' ids."""
    return {each.example.id: each for each in found}


def _measured(run: EvalRun, found: Sequence[Outcome]) -> tuple[tuple[Measure, ...], Derived]:
    """What the task measures; without it, what is noted in the run, or the scores' names."""
    with suppress(UsageError):  # it came out of a file, or of a package that is gone
        task = find(run.of.task)
        return task.measures, task.derived
    if run.summary is not None:
        numbers = msgspec.convert(run.summary, Summary).measures
        return tuple(Measure(each.name, each.about, each.better, each.unit) for each in numbers), {}
    names = dict.fromkeys(name for each in found for name in each.scores)
    return tuple(Measure(name, "") for name in names), {}
