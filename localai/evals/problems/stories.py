"""Problems told as little stories: things that come and go, change, ages, sharing."""

from __future__ import annotations

import random

from localai.evals.final_answer import Wanted
from localai.evals.problems.problem import Drawn, Stock


def _told(draw: random.Random, stock: Stock, **numbers: object) -> dict[str, object]:
    who, other = stock.names(draw, 2)
    return {"who": who, "other": other, "things": draw.choice(stock.things), **numbers}


def stories(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """Two steps, from small sums to groups of things, and three."""
    if level == 1:
        a, b = draw.randint(5, 20), draw.randint(2, 10)
        c = draw.randint(2, a - 2)
        fill = _told(draw, stock, a=a, b=b, c=c)
        return Drawn(key=(a, b, c), fill=fill, answer=str(a + b - c), shape="add_take")
    a, b = draw.randint(3, 4 + 2 * level), draw.randint(3, 3 * level)
    c, d = draw.randint(2, a * b - 2), draw.randint(2, a * b - 2)
    shape = {2: "groups_add", 3: "groups_take", 4: "groups_add_take"}[level]
    answer = a * b + {2: c, 3: -c, 4: c - d}[level]
    key = (a, b, c, d) if level == 4 else (a, b, c)
    return Drawn(
        key=key, fill=_told(draw, stock, a=a, b=b, c=c, d=d), answer=str(answer), shape=shape
    )


def change(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """What is given back: whole dollars, several of a thing, cents, two things with cents."""
    if level == 2:
        k, p = draw.randint(2, 9), draw.randint(2, 9)
        n = draw.choice([each for each in (20, 50, 100) if each > k * p])
        fill = _told(draw, stock, k=k, p=p, n=n)
        return _change((k, p, n), fill, 100 * (n - k * p), "many")
    n = draw.choice((10, 20, 50))
    if level == 1:
        p = draw.randint(1, n - 1)
        return _change((p, n), _told(draw, stock, p=p, n=n), 100 * (n - p), "one")
    cents = 5 * draw.randint(20, 10 * n - 1)
    if level == 3:
        fill = _told(draw, stock, p=_dollars(cents), n=n)
        return _change((cents, n), fill, 100 * n - cents, "one")
    more = 5 * draw.randint(10, 10 * n - 1)
    fill = _told(draw, stock, p=_dollars(cents), q=_dollars(more), n=n)
    return _change((cents, more, n), fill, 100 * n - cents - more, "two")


def _change(key: tuple[int, ...], fill: dict[str, object], cents: int, shape: str) -> Drawn:
    wanted = Wanted(unit="dollar")
    return Drawn(key=key, fill=fill, answer=_dollars(cents), wanted=wanted, shape=shape)


def _dollars(cents: int) -> str:
    return str(cents // 100) if cents % 100 == 0 else f"{cents / 100:.2f}"


def ages(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """How old somebody is, will be, or two are together."""
    a, b, c, k = draw.randint(3, 40), draw.randint(2, 30), draw.randint(2, 20), draw.randint(2, 4)
    if level > 2:
        a = draw.randint(3, 22)
    numbers, answer = {
        1: ((a, b), a + b),
        2: ((a, b, c), a + b + c),
        3: ((a, k), a + a * k),
        4: ((a, k, c), a * k + c),
    }[level]
    shape = {1: "older", 2: "later", 3: "times", 4: "times_later"}[level]
    fill, wanted = _told(draw, stock, a=a, b=b, c=c, k=k), Wanted(unit="year")
    return Drawn(key=numbers, fill=fill, answer=str(answer), wanted=wanted, shape=shape)


def sharing(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """What each gets, or what is left over."""
    k, each = draw.randint(2, 9), draw.randint(2, 12 if level % 2 else 60)
    if level <= 2:
        n = k * each
        return Drawn(key=(n, k), fill=_told(draw, stock, n=n, k=k), answer=str(each), shape="each")
    k = max(k, 3)
    left = draw.randint(1, k - 1)
    n = k * each + left
    return Drawn(key=(n, k), fill=_told(draw, stock, n=n, k=k), answer=str(left), shape="left")
