"""The gate: the candidate against what answers now, in the engine that will serve it.

Both answer from one loaded model, each in a context of its own. All pools are asked in
words that were never trained on: the new corrections, those that the present adapter has
learned, and easy general items. The greedy answers of both are compared item by item.
Promoted only if the new corrections became better beyond chance and nothing else became
worse. An answer that turned counts only if the right one also became clearly less likely,
or more (`likelihood`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from localai.engine.base import AdapterFile, Engine, Job, Request, Sampling
from localai.evals.items import Item
from localai.evals.likelihood import deciding, log_likelihoods
from localai.evals.task import Answer

CHANCE = 0.05
"""The corrections must win with a one-sided p below this (exact sign test)."""

TOLERANCE = 0.05
"""Share of the general items that may be lost on balance, at least one item."""

CLEARLY = math.log(2)
"""Nats by which a right answer that turned must have become less likely to count as lost,
or more likely to count as won: half or double."""

LONGEST_ANSWER = 192

GREEDY = Sampling(temperature=0.0)

Tell = Callable[[int, int], None]


class Pool(msgspec.Struct, frozen=True):
    """How a pool came out. `current` and `candidate` are shares right of `n`; `se` is the
    standard error of their difference, paired; `won` and `lost` count the items that only
    the candidate or only the current one got right; `close` more turned by a hair and are
    taken as they were; `tolerance` is the rule in words."""

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


class Verdict(msgspec.Struct, frozen=True):
    """The decision with all its numbers; `answers` has every item's two answers,
    with `close` where they count as the same."""

    promoted: bool
    reason: str
    pools: tuple[Pool, ...]
    answers: tuple[dict[str, Any], ...] = ()


def compare(
    engine: Engine,
    asked: Sequence[Item],
    current: AdapterFile,
    candidate: AdapterFile,
    tell: Callable[[str], Tell],
) -> Verdict:
    """Ask both and judge. The engine answers by `current` before and after; `tell(what)`
    gives what is told how far that is."""
    before = answers(engine, asked, tell("asking the present model"))
    engine.use_adapter(candidate.path, candidate.sha256, base=candidate.base)
    after = answers(engine, asked, tell("asking the new model"))
    turned = _turned(engine, asked, before, after)
    now = _likelihoods(engine, asked, turned)
    engine.use_adapter(current.path, current.sha256, base=current.base)
    was = _likelihoods(engine, asked, turned)
    return judge(asked, before, after, {at: now[at] - was[at] for at in turned})


def _turned(
    engine: Engine, asked: Sequence[Item], before: Sequence[Answer], after: Sequence[Answer]
) -> dict[int, tuple[int, ...]]:
    """For each item that only one got right, the tokens that make that answer right. Not
    for corrections: there the answer itself is what is wanted."""
    found = {}
    for at, (item, was, now) in enumerate(zip(asked, before, after, strict=True)):
        was_right, now_right = item.right(was), item.right(now)
        if was_right != now_right and item.told and item.pool != "corrections":
            found[at] = deciding(
                engine,
                (was if was_right else now).ids,
                partial(_says, item),
            )
    return found


def _says(item: Item, text: str) -> bool:
    return item.right(Answer(text=text, ended=False))


def _likelihoods(
    engine: Engine, asked: Sequence[Item], told: Mapping[int, tuple[int, ...]]
) -> dict[int, float]:
    """How likely these answers are to what is in force, in nats."""
    texts = [
        (engine.render(asked[at].talk, asked[at].options).ids, ids) for at, ids in told.items()
    ]
    return dict(zip(told, log_likelihoods(engine, texts), strict=True))


def answers(engine: Engine, asked: Sequence[Item], tell: Tell) -> tuple[Answer, ...]:
    """Greedy answers to all items, side by side, by whatever adapter is in force."""
    jobs = []
    for item in asked:
        ids = engine.render(item.talk, item.options).ids
        jobs.append(Job(Request(ids, GREEDY, LONGEST_ANSWER, visible=item.visible)))
    found: dict[int, Answer] = {}
    tell(0, len(jobs))
    for each in engine.sample(jobs):
        done = each.completion
        ended = done.finish_reason == "stop"
        found[each.job] = Answer(text=each.text, ended=ended, ids=done.ids)
        if len(found) < len(jobs):
            tell(len(found), len(jobs))
    return tuple(found[at] for at in range(len(jobs)))


def judge(
    asked: Sequence[Item],
    current: Sequence[Answer],
    candidate: Sequence[Answer],
    moved: Mapping[int, float] | None = None,
) -> Verdict:
    """The verdict over both models' answers to the same items. `moved` has, for items that
    turned, how much likelier the right answer became, in nats; one that turned though it
    did not move clearly that way counts as it was."""
    before = [item.right(answer) for item, answer in zip(asked, current, strict=True)]
    after = [item.right(answer) for item, answer in zip(asked, candidate, strict=True)]
    close = {at for at, nats in (moved or {}).items() if (nats if after[at] else -nats) < CLEARLY}
    pools = []
    for name in dict.fromkeys(item.pool for item in asked):
        places = [at for at, item in enumerate(asked) if item.pool == name]
        pairs = [(before[at], before[at] if at in close else after[at]) for at in places]
        pools.append(_pool(name, pairs, sum(at in close for at in places)))
    failed = [pool for pool in pools if not pool.passed]
    kept = [
        {
            "pool": item.pool,
            "question": item.talk[-1].text,
            "current": {"text": was.text, "right": b},
            "candidate": {"text": now.text, "right": a},
        }
        | ({"close": True} if at in close else {})
        for at, (item, was, now, b, a) in enumerate(
            zip(asked, current, candidate, before, after, strict=True)
        )
    ]
    won = not failed and any(pool.name == "corrections" for pool in pools)
    return Verdict(won, _reason(pools, failed), tuple(pools), tuple(kept))


def _pool(name: str, pairs: Sequence[tuple[bool, bool]], close: int) -> Pool:
    """One pool from (right before, right after) pairs."""
    n = len(pairs)
    won = sum(after and not before for before, after in pairs)
    lost = sum(before and not after for before, after in pairs)
    mean = (won - lost) / n
    se = math.sqrt(max(0.0, ((won + lost) / n - mean**2) / n))
    if name == "corrections":
        passed = sign_test(won, lost) < CHANCE
        rule = f"more won than lost, p < {CHANCE}"
    else:
        allowed = max(1, int(TOLERANCE * n))
        passed = lost - won <= allowed
        rule = f"at most {allowed} lost on balance"
        if close:
            rule += f"; {close} more turned by a hair"
    current, candidate = (sum(pair[i] for pair in pairs) / n for i in (0, 1))
    return Pool(name, n, current, candidate, se, won, lost, rule, passed, close)


def sign_test(won: int, lost: int) -> float:
    """One-sided p of at least `won` wins in `won + lost` fair coin tosses (McNemar, exact)."""
    n = won + lost
    return float(sum(math.comb(n, k) for k in range(won, n + 1)) / 2**n)


def _reason(pools: Sequence[Pool], failed: Sequence[Pool]) -> str:
    """The verdict in one sentence."""
    if all(pool.name != "corrections" for pool in pools):
        return "Nothing that was corrected was asked, so nothing can have become better."
    if not failed:
        return "The corrections were learned, and nothing else was lost beyond the tolerance."
    worst = failed[0]
    if worst.name == "corrections":
        return (
            f"The corrections were not learned well enough: {worst.won} held-out questions "
            f"won, {worst.lost} lost of {worst.n} (wanted: {worst.tolerance})."
        )
    return (
        f"Too much else was lost: {worst.lost} of {worst.n} questions ({worst.name}) against "
        f"{worst.won} won ({worst.tolerance})."
    )
