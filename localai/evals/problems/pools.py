"""The pools of problems: every kind in every level, none of which is in two of them.

Wordings, things, names and words are a pool's own (`data/reasoning.toml`); numbers are shared
out among the pools by a hash.
"""

from __future__ import annotations

import random
import tomllib
import zlib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import msgspec

from localai.evals.mentions import amount, numbers
from localai.evals.problems import arithmetic, orders, stories, words
from localai.evals.problems.problem import LEVELS, Draw, Drawn, Stock
from localai.evals.task import Example, Pool

KINDS: dict[str, Draw] = {
    "sums": arithmetic.sums,
    "differences": arithmetic.differences,
    "products": arithmetic.products,
    "percent": arithmetic.percent,
    "sequences": arithmetic.sequences,
    "stories": stories.stories,
    "change": stories.change,
    "ages": stories.ages,
    "sharing": stories.sharing,
    "comparing": orders.comparing,
    "ordering": orders.ordering,
    "weekdays": orders.weekdays,
    "logic": orders.logic,
    "letters": words.letters,
    "reversing": words.reversing,
    "units": words.units,
}
SIZES: dict[Pool, int] = {"train": 400, "dev": 120, "gate": 240}
"""How many problems of each kind there are at most."""
SHARES: dict[Pool, range] = {"train": range(5), "dev": range(5, 7), "gate": range(7, 10)}
TRIES = 400
"""Draws for a problem that was not drawn before, until there is taken to be none."""


def problems(pool: Pool) -> Iterator[Iterator[Example]]:
    """The problems of a pool, kind by kind, levels in turn."""
    told = _told()
    stock = Stock(
        pool,
        tuple(told["things"][pool]),
        tuple(told["words"][pool].split()),
        tuple(map(tuple, told["syllables"][pool])),
        tuple((more, most) for more, most in told["compared"][pool]),
    )
    for at, kind in enumerate(KINDS):
        yield _of_kind(kind, at, stock, told[kind])


def _of_kind(kind: str, at: int, stock: Stock, told: dict[str, Any]) -> Iterator[Example]:
    draws = [random.Random(f"{kind} {level} {stock.pool}") for level in range(1, LEVELS + 1)]
    asked, spent, turn = set[str](), set[int](), at
    while len(asked) < SIZES[stock.pool] and len(spent) < LEVELS:
        level, turn = turn % LEVELS + 1, turn + 1
        found = (
            None if level in spent else _fresh(kind, level, draws[level - 1], stock, told, asked)
        )
        if found is None:
            spent.add(level)
            continue
        question, drawn = found
        asked.add(question)
        yield Example(
            id=f"{stock.pool}-{kind}-{len(asked)}",
            question=question,
            kind=kind,
            level=level,
            answers=(drawn.answer,),
            extra=msgspec.to_builtins(drawn.wanted),
        )


def _fresh(
    kind: str,
    level: int,
    draw: random.Random,
    stock: Stock,
    told: dict[str, Any],
    asked: set[str],
) -> tuple[str, Drawn] | None:
    """A question of the pool that was not asked yet."""
    for _ in range(TRIES):
        drawn = KINDS[kind](draw, level, stock)
        wordings = (told[drawn.shape] if drawn.shape else told)[stock.pool]
        question = draw.choice(wordings).format(**drawn.fill)
        question = question[0].upper() + question[1:]
        mine = question not in asked and _belongs(kind, drawn, stock.pool)
        echoed = drawn.wanted.wants == "number" and tells(question, drawn.answer)
        if mine and not echoed:
            return question, drawn
    return None


def tells(question: str, answer: str) -> bool:
    """Whether a number stands in the question, so that an echo of it would be right."""
    return amount(answer) in [amount(each.value) for each in numbers(question)]


def _belongs(kind: str, drawn: Drawn, pool: Pool) -> bool:
    """Whether these numbers are the pool's; without numbers it is words that set pools apart."""
    if not drawn.key:
        return True
    return falls_to(f"{kind}:{'|'.join(map(str, drawn.key))}", pool)


def falls_to(key: str, pool: Pool) -> bool:
    """Whether a pool has this in its share: by a hash, so that it is in no other pool."""
    return zlib.crc32(key.encode()) // 7 % 10 in SHARES[pool]


def _told() -> dict[str, Any]:
    text = resources.files("localai.evals").joinpath("data/reasoning.toml").read_text("utf-8")
    return tomllib.loads(text)
