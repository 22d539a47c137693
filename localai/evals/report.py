"""A run as one HTML page that needs nothing else: no scripts, no fonts, no network.

The tables of the terminal, plots, and the worst answers; of two runs also what sets them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from localai.evals import wording
from localai.evals.looking import Beside, Looked, beside, by_id, wanted, worst
from localai.evals.pages import environment
from localai.evals.plots import Dot, Plot, around, plot
from localai.evals.running import label
from localai.evals.stats import Estimate
from localai.evals.summary import Compared
from localai.evals.task import Answer
from localai.moments import WHEN, local

MOST_WORST = 20


class Case(msgspec.Struct, frozen=True):
    """One question with what was answered by each run; `scores` are in words."""

    question: str
    kind: str
    wanted: str
    answers: tuple[tuple[str, str, str], ...]


def page(looked: Looked, other: Looked | None = None) -> str:
    """The page of a run; with `other`, also how the two differ. Raises UsageError where they
    have no question in common."""
    sides = [each for each in (other, looked) if each is not None]
    apart = beside(other, looked) if other else None
    names = apart.names if apart else (label(looked.run.of),)
    return (
        environment()
        .get_template("report.html")
        .render(
            title=wording.heading(looked.run),
            when=local(looked.run.created).strftime(WHEN),
            names=names,
            tables=[
                (name, list(wording.numbers(each.summary)))
                for name, each in zip(names, sides, strict=True)
            ],
            main=looked.main,
            estimates=_estimates(sides),
            apart=[(it.name, it.verdict, *wording.apart(it)) for it in _numbers(apart)],
            differences=_differences(apart),
            cases=_cases(looked, other, names),
        )
    )


def _estimates(sides: list[Looked]) -> Plot:
    """The first measure over all, by kind and by level, each run in a colour of its own."""
    unit = sides[-1].main.unit
    rows = dict[str, list[Dot]]()
    for side, looked in enumerate(sides, start=2 - len(sides)):
        summary = looked.summary
        whole = [each.estimate for each in summary.measures if each.name == looked.main.name]
        named = [("all", each) for each in whole]
        named += [(each.name, each.estimate) for each in (*summary.kinds, *summary.levels)]
        for name, estimate in named:
            rows.setdefault(name, []).append(_dot(estimate, unit, side))
    dots = [dot for each in rows.values() for dot in each]
    least = min((dot.low for dot in dots), default=0.0)
    ends = (min(0.0, least), around([dot.high for dot in dots])) if unit else (0.0, 1.0)
    return plot(list(rows.items()), *ends, partial(wording.amount, unit=unit))


def _dot(estimate: Estimate, unit: str, side: int) -> Dot:
    span = wording.span(estimate.low, estimate.high, unit)
    text = f"{wording.amount(estimate.value, unit)} ({span}), n = {estimate.n}"
    return Dot(estimate.value, estimate.low, estimate.high, text, side)


def _numbers(apart: Beside | None) -> tuple[Compared, ...]:
    return (*apart.numbers, *apart.kinds) if apart else ()


def _differences(apart: Beside | None) -> Plot | None:
    """The differences of shares; None where there is none."""
    rows = []
    for each in _numbers(apart):
        it = each.difference
        if not each.unit:
            text = f"{wording.points(it.value)} ({wording.span(it.low, it.high, sign=True)})"
            rows.append((each.name, [Dot(it.value, it.low, it.high, text, 1)]))
    if not rows:
        return None
    end = around([end for _, (dot,) in rows for end in (dot.low, dot.high)])
    return plot(rows, -end, end, wording.points)


def _cases(looked: Looked, other: Looked | None, names: Sequence[str]) -> list[Case]:
    before = by_id(other.outcomes) if other else {}
    found = []
    for outcome in worst(looked, other, MOST_WORST):
        example = outcome.example
        told = [(names[-1], outcome)]
        if example.id in before:
            told.insert(0, (names[0], before[example.id]))
        answers = tuple(
            (name, "\n\n".join(map(_said, each.answers)), wording.scores(each.scores))
            for name, each in told
        )
        found.append(Case(example.question, example.kind, wanted(example), answers))
    return found


def _said(answer: Answer) -> str:
    """An answer with its reasoning and its calls."""
    calls = [f"[{call.name} {call.arguments} gave {call.result}]" for call in answer.calls]
    reasoning = [f"({answer.reasoning})"] if answer.reasoning else []
    return "\n".join([*calls, *reasoning, answer.text or "(nothing)"])
