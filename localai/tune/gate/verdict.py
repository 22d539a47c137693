"""The verdict over what both models answered: every pool with its numbers, and the reason.

Promoted only if each pool that the run trained for became better beyond chance and every other
one is shown to have lost less than its margin, and none to have lost more since the model came. A
pool without a margin is judged by a count, or only told. Pure; the tests are in `rules`, who is
asked what in `questions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from localai.evals import stats
from localai.evals.task import Answer
from localai.tune.gate import reasons, rules
from localai.tune.gate.aim import Aim
from localai.tune.gate.rules import CHANCE

TOLERANCE = 0.05
"""Share of a counted pool that may be lost on balance, at least one question."""

FEW = 10
"""Fewer answers of the bare model tell nothing."""

Stage = Literal["files", "slice", "targets", "whole"]
"""How far the gate came: it looked at the file, asked a few questions of each pool, all of what
the run trained for, or everything."""


class Rule(msgspec.Struct, frozen=True):
    """What decides on a pool. It must be "better" beyond chance, or "kept" within a `margin` (a
    share of right answers, or a rise in `unit`); "counted": few may be lost on balance; "told"
    decides nothing. `measure` is the task's."""

    kind: Literal["better", "kept", "counted", "told"]
    margin: float = 0.0
    measure: str = ""
    unit: str = ""

    def words(self, n: int) -> str:
        """The rule for a pool of `n` questions."""
        if self.kind == "better":
            return f"better, p < {CHANCE}"
        if self.kind == "told":
            return "told, not judged"
        if self.kind == "counted":
            return f"at most {allowed(n)} lost on balance"
        if self.unit:
            return f"at most {self.margin:g} {self.unit} more"
        return f"at most {100 * self.margin:.0f} points lost"


class Said(msgspec.Struct, frozen=True):
    """A question, its answer, and what that came to: 1 for right, 0 for wrong, or a number in the
    unit of the rule, of which less is better. `spares`: no tool should be called for it."""

    question: str
    answer: Answer
    value: float
    spares: bool = False


class Heard(msgspec.Struct, frozen=True):
    """The answers of the present model (`before`) and of the new one to the same questions of a
    pool; `close` are the places of those that turned by a hair and count as they were. `whole`:
    every answer is worth keeping, and not only those that turned. `general`: what is asked has
    nothing to do with what was learned."""

    name: str
    rule: Rule
    before: tuple[Said, ...]
    after: tuple[Said, ...]
    close: frozenset[int] = frozenset()
    whole: bool = False
    general: bool = False

    @property
    def pairs(self) -> list[tuple[float, float]]:
        """What each question came to before and after."""
        both = zip(self.before, self.after, strict=True)
        return [
            (was.value, was.value if at in self.close else now.value)
            for at, (was, now) in enumerate(both)
        ]


class Pool(msgspec.Struct, frozen=True):
    """How a pool came out. `current` and `candidate` are shares right of `n`, or means in `unit`;
    `se` is the standard error of their difference, paired, `low` to `high` its 95 % interval;
    `won` and `lost` count the questions that only the candidate or only the current one got
    right; `close` more turned by a hair and are taken as they were. `tolerance` is the rule in
    words; `p` its test's, `adjusted` the same, for a target corrected for all gains; None where
    there is no test. `target`: the run trained for it. `needed` questions would decide, about, if
    what was seen so far goes on; 0: they suffice, or no number would."""

    name: str
    n: int
    current: float
    candidate: float
    se: float
    won: int
    lost: int
    tolerance: str
    passed: bool
    close: int = 0
    target: bool = False
    low: float = 0.0
    high: float = 0.0
    p: float | None = None
    adjusted: float | None = None
    needed: int = 0
    unit: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """The decision with all its numbers; `answers` has the two answers to every question of the
    run's own and of what turned elsewhere, with `close` where they count as the same. `stage` is
    how far the gate came, `targets` what the run trained for. `since`: the pools that must be kept
    once more, with the bare model as what was before, where something else answers now."""

    promoted: bool
    reason: str
    pools: tuple[Pool, ...] = ()
    answers: tuple[dict[str, Any], ...] = ()
    stage: Stage = "whole"
    targets: tuple[str, ...] = ()
    since: tuple[Pool, ...] = ()


def judge(heard: Sequence[Heard], aim: Aim, stage: Stage = "whole", alarm: str = "") -> Verdict:
    """The verdict over what was heard; without promotion before the whole was asked, or where
    there was an `alarm`, which is a sentence."""
    pools = decided([_pool(each) for each in heard])
    missing = [name for name in aim.targets if name not in {each.name for each in pools}]
    failed = [pool for pool in pools if not pool.passed]
    promoted = stage == "whole" and not (alarm or missing or failed)
    return Verdict(
        promoted,
        alarm or reasons.reason(pools, missing),
        pools,
        tuple(answer for each in heard for answer in _kept(each)),
        stage,
        aim.targets,
    )


def held_against_bare(verdict: Verdict, heard: Sequence[Heard]) -> Verdict:
    """The verdict with what was lost since the model came; `heard` has its bare answers as those
    before. Every time a little may be lost, and here the sum is looked at: what is plainly more
    than a pool's margin is refused, unless what answers now is no better in that."""
    now = {pool.name: pool for pool in verdict.pools}
    since = tuple(_since(each, now[each.name]) for each in heard if len(each.after) >= FEW)
    failed = [pool for pool in since if not pool.passed]
    if not failed:
        return replace(verdict, since=since)
    return replace(verdict, promoted=False, reason=reasons.since(failed[0]), since=since)


def _since(heard: Heard, now: Pool) -> Pool:
    """`now`: the same pool beside what answers now."""
    rule, n = heard.rule, len(heard.after)
    worse = now.candidate > now.current if rule.unit else now.candidate < now.current
    pool = _pool(replace(heard, rule=replace(rule, kind="told")))
    if rule.unit:
        p = rules.more([after - before for before, after in heard.pairs], rule.margin)
    else:
        p = rules.worse(pool.won, pool.lost, n, rule.margin)
    return replace(pool, p=p, adjusted=p, passed=p >= CHANCE or not worse, tolerance=rule.words(n))


def decided(pools: Sequence[Pool]) -> tuple[Pool, ...]:
    """The pools with what their tests make of each: gains are taken together."""
    corrected = iter(rules.holm([pool.p for pool in pools if pool.target and pool.p is not None]))
    found = []
    for pool in pools:
        if pool.p is not None:
            adjusted = next(corrected) if pool.target else pool.p
            passed = adjusted < (CHANCE if pool.target else rules.KEPT)
            needed = 0 if passed else pool.needed
            pool = replace(pool, adjusted=adjusted, passed=passed, needed=needed)
        found.append(pool)
    return tuple(found)


def allowed(n: int) -> int:
    """Of a counted pool of `n` questions, so many may be lost on balance."""
    return max(1, int(TOLERANCE * n))


def _pool(heard: Heard) -> Pool:
    """One pool, its gain not yet corrected for others."""
    rule, pairs = heard.rule, heard.pairs
    apart = stats.difference(*zip(*pairs, strict=True), share=not rule.unit)
    won, lost = (apart.lost, apart.won) if rule.unit else (apart.won, apart.lost)
    p, needed = _test(rule, pairs, won, lost)
    return Pool(
        heard.name,
        len(pairs),
        apart.first,
        apart.second,
        apart.error,
        won,
        lost,
        rule.words(len(pairs)),
        passed=rule.kind == "told" or (rule.kind == "counted" and lost - won <= allowed(apart.n)),
        close=len(heard.close),
        target=rule.kind == "better",
        low=apart.low,
        high=apart.high,
        p=p,
        needed=needed if needed > len(pairs) else 0,
        unit=rule.unit,
    )


def _test(
    rule: Rule, pairs: Sequence[tuple[float, float]], won: int, lost: int
) -> tuple[float | None, int]:
    """The p value of a rule, None where it is no test, and how many questions it would need."""
    n = len(pairs)
    if rule.kind == "better":
        return rules.sign_test(won, lost), rules.needed_to_win(won / n, lost / n)
    if rule.kind != "kept":
        return None, 0
    if rule.unit:
        rises = [after - before for before, after in pairs]
        p = rules.not_more(rises, rule.margin)
        return p, rules.needed_to_stay(rule.margin, rises)
    turned, loss = (won + lost) / n, max(0, lost - won) / n
    needed = rules.needed_to_keep(rule.margin, turned=turned, loss=loss)
    return rules.not_worse(won, lost, n, rule.margin), needed


def _kept(heard: Heard) -> list[dict[str, Any]]:
    """The answers that the verdict keeps."""
    return [
        {
            "pool": heard.name,
            "question": was.question,
            "current": {"text": was.answer.text, "right": bool(was.value)},
            "candidate": {"text": now.answer.text, "right": bool(now.value)},
        }
        | ({"close": True} if at in heard.close else {})
        for at, (was, now) in enumerate(zip(heard.before, heard.after, strict=True))
        if heard.whole or (not heard.rule.unit and was.value != now.value)
    ]
