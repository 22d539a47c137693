"""The gate: the candidate against what answers now, in the engine that will serve it.

All pools are asked in words that were never trained on: the new corrections, those that
the present adapter has learned, and easy general items. The greedy answers of both are
compared item by item. Promoted only if the new corrections became better beyond chance and
nothing else became worse.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Container, Sequence
from functools import partial
from importlib import resources
from typing import Any

import msgspec

from localai.conversation import Delta, Finished, Message, system, user
from localai.engine.base import Engine, RenderOptions, Request, Sampling
from localai.tune import phrasings
from localai.tune.dataset import Lesson
from localai.tune.judging import Answer, accepted, follows

CHANCE = 0.05
"""The corrections must win with a one-sided p below this (exact sign test)."""

TOLERANCE = 0.05
"""Share of the general items that may be lost on balance, at least one item."""

LONGEST_ANSWER = 192
ITEMS_AT_LEAST = 8
"""Held-out questions wanted in all: few corrections are asked in more ways each."""

Tell = Callable[[int, int], None]


class Item(msgspec.Struct, frozen=True):
    """One question of a pool; `right` judges an answer to it."""

    pool: str
    talk: tuple[Message, ...]
    right: Callable[[Answer], bool]


class Pool(msgspec.Struct, frozen=True):
    """How a pool came out. `current` and `candidate` are shares right of `n`; `se` is the
    standard error of their difference, paired; `won` and `lost` count the items that only
    the candidate or only the current one got right; `tolerance` is the rule in words."""

    name: str
    n: int
    current: float
    candidate: float
    se: float
    won: int
    lost: int
    tolerance: str
    passed: bool


class Verdict(msgspec.Struct, frozen=True):
    """The decision with all its numbers; `answers` has every item's two answers."""

    promoted: bool
    reason: str
    pools: tuple[Pool, ...]
    answers: tuple[dict[str, Any], ...] = ()


def items(lessons: Sequence[Lesson], head: str, learned: Container[str] = ()) -> tuple[Item, ...]:
    """All that is asked. `head` is the system text of the general items; `learned` are the
    ids of the corrections that the present adapter was made from: they must be kept, and
    the others must be won (all of them, where none is new)."""
    new = [lesson for lesson in lessons if lesson.correction not in learned] or list(lessons)
    old = [lesson for lesson in lessons if lesson not in new]
    ways = max(2, -(-ITEMS_AT_LEAST // max(1, len(new))))
    own = [
        Item(pool, lesson.ask(phrasing), partial(follows, lesson))
        for pool, of_pool, most in (("corrections", new, ways), ("learned before", old, 1))
        for lesson in of_pool
        for phrasing in phrasings.held_out(lesson.question)[:most]
    ]
    return (*own, *general(head))


def general(head: str) -> tuple[Item, ...]:
    """The general items. Many, because any change of a small model's numbers turns a few
    greedy answers either way, and only the balance over many tells loss from chance."""
    text = resources.files("localai.tune").joinpath("data/general.toml").read_text("utf-8")
    before = (system(head),) if head else ()
    return tuple(
        Item(
            "general",
            (*before, user(each["ask"])),
            partial(accepted, each.get("accept", ())),
        )
        for each in tomllib.loads(text)["item"]
    )


def answers(engine: Engine, asked: Sequence[Item], tell: Tell) -> tuple[Answer, ...]:
    """Greedy answers to all items, by whatever adapter is in force."""
    found = []
    for number, item in enumerate(asked):
        tell(number, len(asked))
        prompt = engine.render(item.talk, RenderOptions())
        request = Request(prompt.ids, Sampling(temperature=0.0), max_tokens=LONGEST_ANSWER)
        text, ended = "", False
        for event in engine.generate(request):
            if isinstance(event, Delta) and event.kind == "text":
                text += event.text
            elif isinstance(event, Finished):
                ended = event.completion.finish_reason == "stop"
        found.append(Answer(text, ended))
    return tuple(found)


def judge(asked: Sequence[Item], current: Sequence[Answer], candidate: Sequence[Answer]) -> Verdict:
    """The verdict over both models' answers to the same items."""
    before = [item.right(answer) for item, answer in zip(asked, current, strict=True)]
    after = [item.right(answer) for item, answer in zip(asked, candidate, strict=True)]
    pools = []
    for name in dict.fromkeys(item.pool for item in asked):
        pairs = [
            (b, a) for item, b, a in zip(asked, before, after, strict=True) if item.pool == name
        ]
        pools.append(_pool(name, pairs))
    failed = [pool for pool in pools if not pool.passed]
    kept = [
        {
            "pool": item.pool,
            "question": item.talk[-1].text,
            "current": {"text": was.text, "right": b},
            "candidate": {"text": now.text, "right": a},
        }
        for item, was, now, b, a in zip(asked, current, candidate, before, after, strict=True)
    ]
    return Verdict(not failed, _reason(pools, failed), tuple(pools), tuple(kept))


def _pool(name: str, pairs: Sequence[tuple[bool, bool]]) -> Pool:
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
    current, candidate = (sum(pair[i] for pair in pairs) / n for i in (0, 1))
    return Pool(name, n, current, candidate, se, won, lost, rule, passed)


def sign_test(won: int, lost: int) -> float:
    """One-sided p of at least `won` wins in `won + lost` fair coin tosses (McNemar, exact)."""
    n = won + lost
    return float(sum(math.comb(n, k) for k in range(won, n + 1)) / 2**n)


def _reason(pools: Sequence[Pool], failed: Sequence[Pool]) -> str:
    """The verdict in one sentence."""
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
        f"{worst.won} won (allowed: {worst.tolerance})."
    )
