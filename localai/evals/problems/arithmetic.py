"""Problems in bare numbers: sums, differences, products, percent, and what comes next."""

from __future__ import annotations

import random
from math import gcd

from localai.evals.problems.problem import Drawn, Stock, listed


def sums(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """Two numbers of one or two digits, or three of up to three."""
    count, low, high = {1: (2, 2, 9), 2: (2, 11, 99), 3: (3, 11, 99), 4: (3, 101, 999)}[level]
    terms = [draw.randint(low, high) for _ in range(count)]
    fill = {"expr": " + ".join(map(str, terms)), "listed": listed([str(each) for each in terms])}
    return Drawn(key=tuple(terms), fill=fill, answer=str(sum(terms)))


def differences(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """Two numbers of up to four digits, the larger one first."""
    low, high = {1: (2, 19), 2: (11, 99), 3: (101, 999), 4: (1001, 9999)}[level]
    b, a = sorted(draw.sample(range(low, high + 1), 2))
    return Drawn(key=(a, b), fill={"a": a, "b": b}, answer=str(a - b))


def products(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """Two numbers of one to three digits."""
    tops = {1: ((2, 9), (2, 9)), 2: ((2, 9), (11, 99)), 3: ((11, 99),) * 2}
    first, second = tops.get(level, ((11, 99), (101, 999)))
    a, b = draw.randint(*first), draw.randint(*second)
    return Drawn(key=(a, b), fill={"a": a, "b": b}, answer=str(a * b))


def percent(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """Shares that come out whole: tenths and halves, quarters and fifths, any."""
    shares = {1: (10, 50), 2: (20, 25, 75), 3: range(5, 100, 5), 4: range(2, 99)}[level]
    p = draw.choice(shares)
    step = 100 // gcd(p, 100)
    n = step * draw.randint(2, 60 if level < 3 else max(3, 999 // step))
    return Drawn(key=(min(p, n), max(p, n)), fill={"p": p, "n": n}, answer=str(p * n // 100))


def sequences(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """Equal steps up or down, doubling and tripling, steps in turn."""
    start, step = draw.randint(1, 30), draw.randint(2, 12)
    if level == 1:
        terms = [start + step * at for at in range(6)]
    elif level == 2:
        terms = [start + 6 * step - step * at for at in range(6)]
    elif level == 3:
        factor = draw.choice((2, 3))
        terms = [start * factor**at for at in range(5)]
    else:
        other = draw.randint(2, 12)
        terms = [start + step * ((at + 1) // 2) + other * (at // 2) for at in range(7)]
    fill: dict[str, object] = {"terms": ", ".join(map(str, terms[:-1]))}
    return Drawn(key=tuple(terms), fill=fill, answer=str(terms[-1]))
