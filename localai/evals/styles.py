"""Direct answers against stepwise ones to the same questions, kind by kind. Pure.

A style is better only where chance would hardly bring the difference: no kind has a better one
for having been tried with luck.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from localai.config import StyleSettings
from localai.evals import stats
from localai.evals.stats import Difference, Estimate
from localai.evals.task import Outcome, Style
from localai.question_kinds import KINDS
from localai.question_kinds import Kind as QuestionKind

STYLES: tuple[Style, ...] = ("direct", "steps")
SURE = 0.01
"""How often chance may bring such a difference in a kind. There are many kinds: at 0.05 one of
twenty would have a better style where none is."""


class Told(msgspec.Struct, frozen=True):
    """What one style came to: the share of right answers, tokens of an answer, and tokens for a
    right one (None where there is none)."""

    right: Estimate
    tokens: Estimate
    per_right: Estimate | None


class Kind(msgspec.Struct, frozen=True):
    """Both styles on the questions of one kind, and how much more often the second is right."""

    name: str
    direct: Told
    steps: Told
    apart: Difference

    @property
    def better(self) -> Style | None:
        """The style that is right more often, beyond what chance would bring."""
        if self.apart.p >= SURE or self.apart.won == self.apart.lost:
            return None
        return "steps" if self.apart.won > self.apart.lost else "direct"


def told(outcomes: Sequence[Outcome]) -> Told:
    """What a style came to, over at least one outcome."""
    right, tokens = _right(outcomes), _tokens(outcomes)
    return Told(stats.mean(right), stats.mean(tokens), stats.ratio(tokens, right))


def by_kind(direct: Sequence[Outcome], steps: Sequence[Outcome]) -> tuple[Kind, ...]:
    """Both on the questions that both answered, by kind in the order of the first, and, where
    there are several kinds, all together under the name ""."""
    second = {each.example.id: each for each in steps}
    kinds = defaultdict[str, list[tuple[Outcome, Outcome]]](list)
    for each in sorted(direct, key=lambda each: each.example.id):
        if each.example.id in second:
            kinds[each.example.kind].append((each, second[each.example.id]))
    found = [_kind(name, pairs) for name, pairs in kinds.items()]
    if len(found) > 1:
        found.append(_kind("", [pair for pairs in kinds.values() for pair in pairs]))
    return tuple(found)


def kept(known: StyleSettings, found: Sequence[Kind]) -> StyleSettings:
    """What is known of a model's styles once these kinds were measured; other kinds stay as they
    are, and those by which no question is known are left out."""

    def of(style: Style, before: Sequence[QuestionKind]) -> list[QuestionKind]:
        measured = {each.name: each.better for each in found}
        return [
            each for each in KINDS if measured.get(each, style if each in before else None) == style
        ]

    return StyleSettings(direct=of("direct", known.direct), steps=of("steps", known.steps))


def _kind(name: str, pairs: Sequence[tuple[Outcome, Outcome]]) -> Kind:
    direct, steps = [first for first, _ in pairs], [second for _, second in pairs]
    return Kind(name, told(direct), told(steps), stats.difference(_right(direct), _right(steps)))


def _right(outcomes: Sequence[Outcome]) -> list[float]:
    return [each.scores["right"] for each in outcomes]


def _tokens(outcomes: Sequence[Outcome]) -> list[float]:
    return [sum(it.tokens for it in each.answers) / len(each.answers) for each in outcomes]
