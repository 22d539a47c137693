"""What a run came to, and what sets two runs on the same questions apart. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from localai.evals import stats
from localai.evals.stats import Difference, Estimate
from localai.evals.task import Measure, Outcome, Scores

OTHER = "other"
"""What questions without a kind are called beside others."""

Derived = Mapping[str, Callable[[Sequence[Scores]], float]]


class Number(msgspec.Struct, frozen=True):
    """A measure, or a number derived from all items' scores, and what it came to."""

    name: str
    estimate: Estimate
    about: str = ""
    better: Literal["more", "less", ""] = "more"
    unit: str = ""


class Group(msgspec.Struct, frozen=True):
    """The first measure over the items of one kind or level; the tokens of one of them, and of
    a right one, where there are answers."""

    name: str
    estimate: Estimate
    tokens: float | None = None
    per_right: Estimate | None = None


class Summary(msgspec.Struct, frozen=True):
    """Over `items` questions: every measure that says something of one, in the task's order;
    what is derived; tokens of an item, and of a right one, where there are answers. `kinds` and
    `levels` are there if there is more than one."""

    items: int
    measures: tuple[Number, ...]
    derived: tuple[Number, ...] = ()
    tokens: Estimate | None = None
    per_right: Estimate | None = None
    kinds: tuple[Group, ...] = ()
    levels: tuple[Group, ...] = ()


class Compared(msgspec.Struct, frozen=True):
    """A number of two runs over the questions that both answered."""

    name: str
    difference: Difference
    better: Literal["more", "less", ""] = "more"
    unit: str = ""

    @property
    def verdict(self) -> Literal["better", "worse", "other", "same"]:
        """What the second is, as far as can be told at a level of 5 %."""
        if self.difference.p >= stats.SIGNIFICANT:
            return "same"
        if not self.better:
            return "other"
        return "better" if (self.difference.value > 0) == (self.better == "more") else "worse"


def summarise(
    measures: Sequence[Measure], derived: Derived, outcomes: Sequence[Outcome]
) -> Summary:
    """Of all outcomes, at least one."""
    tokens = [_tokens(each) for each in outcomes if each.answers]
    main = measures[0]
    return Summary(
        items=len(outcomes),
        measures=tuple(_measured(measures, outcomes)),
        derived=tuple(_derived(measures, derived, [each.scores for each in outcomes])),
        tokens=stats.mean(tokens, share=False) if tokens else None,
        per_right=_per_right(main, outcomes),
        kinds=_groups(main, outcomes, lambda each: each.example.kind),
        levels=_groups(
            main, outcomes, lambda each: f"level {each.example.level}" if each.example.level else ""
        ),
    )


def compare(
    measures: Sequence[Measure],
    derived: Derived,
    first: Sequence[Outcome],
    second: Sequence[Outcome],
) -> tuple[Compared, ...]:
    """How the second differs, in every measure and derived number, and in tokens; over the
    questions that are in both."""
    pairs = _pairs(first, second)
    found = [*_measures_apart(measures, pairs), *_derived_apart(measures, derived, pairs)]
    tokens = [(_tokens(a), _tokens(b)) for a, b in pairs if a.answers and b.answers]
    if tokens:
        apart = stats.difference(*zip(*tokens, strict=True), share=False)
        found.append(Compared("tokens", apart, "", "tokens"))
    return tuple(found)


def compare_kinds(
    main: Measure, first: Sequence[Outcome], second: Sequence[Outcome]
) -> tuple[Compared, ...]:
    """Likewise, in one measure by kind of question; none where all are of one."""
    kinds: dict[str, list[tuple[Outcome, Outcome]]] = {}
    for pair in _pairs(first, second):
        kinds.setdefault(pair[0].example.kind, []).append(pair)
    if len(kinds) < 2:
        return ()
    return tuple(
        msgspec.structs.replace(each, name=kind or OTHER)
        for kind, pairs in sorted(kinds.items())
        for each in _measures_apart([main], pairs)
    )


def _pairs(first: Sequence[Outcome], second: Sequence[Outcome]) -> list[tuple[Outcome, Outcome]]:
    """The outcomes of what was asked in both."""
    before = {each.example.id: each for each in first}
    return [
        (before[each.example.id], each)
        for each in second
        if each.example.id in before and before[each.example.id].example == each.example
    ]


def _per_right(main: Measure, outcomes: Iterable[Outcome]) -> Estimate | None:
    """Tokens of all for each that is right, where the measure is a share."""
    about = [each for each in outcomes if each.answers and _values(main.name, each)]
    if not about or main.better != "more" or main.unit:
        return None
    right = [each.scores[main.name] for each in about]
    return stats.ratio([_tokens(each) for each in about], right)


def _tokens(outcome: Outcome) -> float:
    """Tokens of an item: those of one sample, where there are several."""
    return sum(answer.tokens for answer in outcome.answers) / len(outcome.answers)


def _measured(measures: Iterable[Measure], outcomes: Sequence[Outcome]) -> Iterable[Number]:
    for each in measures:
        values = [value for outcome in outcomes for value in _values(each.name, outcome)]
        if values:
            yield Number(
                each.name,
                stats.mean(values, share=not each.unit),
                each.about,
                each.better,
                each.unit,
            )


def _derived(
    measures: Iterable[Measure], derived: Derived, scores: Sequence[Scores]
) -> Iterable[Number]:
    known = {each.name: each for each in measures}
    for name, number in derived.items():
        it = known.get(name, Measure(name, ""))
        estimate = stats.over_all(scores, number)
        if all(map(math.isfinite, (estimate.value, estimate.low, estimate.high))):
            yield Number(name, estimate, it.about, it.better, it.unit)


def _groups(
    main: Measure, outcomes: Sequence[Outcome], of: Callable[[Outcome], str]
) -> tuple[Group, ...]:
    """By name, in their order; none where all are of one."""
    groups: dict[str, list[Outcome]] = {}
    for each in outcomes:
        if _values(main.name, each):
            groups.setdefault(of(each), []).append(each)
    if len(groups) < 2:
        return ()
    return tuple(_group(name or OTHER, main, group) for name, group in sorted(groups.items()))


def _group(name: str, main: Measure, outcomes: Sequence[Outcome]) -> Group:
    tokens = [_tokens(each) for each in outcomes if each.answers]
    return Group(
        name,
        stats.mean([each.scores[main.name] for each in outcomes], share=not main.unit),
        sum(tokens) / len(tokens) if tokens else None,
        _per_right(main, outcomes),
    )


def _values(name: str, outcome: Outcome) -> list[float]:
    """The score, if it says something of the item and is a number that can be counted with."""
    value = outcome.scores.get(name, math.nan)
    return [value] if math.isfinite(value) else []


def _measures_apart(
    measures: Iterable[Measure], pairs: Sequence[tuple[Outcome, Outcome]]
) -> Iterable[Compared]:
    for each in measures:
        both = [
            (before, after)
            for first, second in pairs
            for before, after in zip(
                _values(each.name, first), _values(each.name, second), strict=False
            )
        ]
        if both:
            apart = stats.difference(*zip(*both, strict=True), share=not each.unit)
            yield Compared(each.name, apart, each.better, each.unit)


def _derived_apart(
    measures: Iterable[Measure], derived: Derived, pairs: Sequence[tuple[Outcome, Outcome]]
) -> Iterable[Compared]:
    known = {each.name: each for each in measures}
    first, second = ([pair[side].scores for pair in pairs] for side in (0, 1))
    for name, number in derived.items() if pairs else ():
        it = known.get(name, Measure(name, ""))
        apart = stats.difference_over_all(first, second, number)
        if all(map(math.isfinite, (apart.value, apart.low, apart.high))):
            yield Compared(name, apart, it.better, it.unit)
