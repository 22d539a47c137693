"""Problems of more and less, before and after: comparing, ordering, weekdays, who is tallest."""

from __future__ import annotations

import random
from itertools import pairwise

from localai.evals.final_answer import Wanted
from localai.evals.problems.problem import Drawn, Stock

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MORE = ("larger", "greater", "bigger", "higher", "more")
LESS = ("smaller", "less", "lower", "fewer")


def comparing(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """The larger or smaller of two numbers; at the end of such as 3.9 and 3.11."""
    low, high = {1: (11, 99), 2: (101, 999), 3: (1001, 99999), 4: (1, 20)}[level]
    if level == 4:
        whole, tenth, more = draw.randint(low, high), draw.randint(2, 9), draw.randint(11, 99)
        if more % 10 == 0 or more // 10 == tenth:
            more = 10 * (tenth - 1) + 5
        a, b = float(f"{whole}.{tenth}"), float(f"{whole}.{more}")
    else:
        a, b = draw.sample(range(low, high + 1), 2)
    terms = [str(each) for each in draw.sample([a, b], 2)]
    most = draw.choice((True, False))
    fill = {"a": terms[0], "b": terms[1], "more": "larger" if most else "smaller"}
    answer = (max if most else min)(terms, key=float)
    wanted = Wanted(wants="choice", options=tuple(terms), than=MORE if most else LESS)
    return Drawn(key=tuple(sorted(terms)), fill=fill, answer=answer, wanted=wanted)


def ordering(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """Three to six numbers, in order from the smallest."""
    count, high = {1: (3, 20), 2: (4, 99), 3: (5, 99), 4: (6, 999)}[level]
    terms = draw.sample(range(1, high + 1), count)
    if terms == sorted(terms):
        terms.reverse()
    given = tuple(map(str, terms))
    return Drawn(
        key=tuple(sorted(terms)),
        fill={"terms": ", ".join(given)},
        answer=", ".join(map(str, sorted(terms))),
        wanted=Wanted(wants="list", options=given),
    )


def weekdays(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """The day some days after another one, within a week or beyond; then before it. Never the
    same one, which an echo of the question would tell."""
    low, high = {1: (2, 6), 2: (7, 30), 3: (31, 100), 4: (2, 60)}[level]
    at, n = draw.randrange(7), draw.choice([n for n in range(low, high + 1) if n % 7])
    then = DAYS[(at + (-n if level == 4 else n)) % 7]
    return Drawn(
        key=(at, n),
        fill={"day": DAYS[at], "n": n},
        answer=then,
        wanted=Wanted(wants="choice", options=DAYS),
        shape="before" if level == 4 else "after",
    )


def logic(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """Who is the tallest of three to six, told by comparing two at a time."""
    names = stock.names(draw, level + 2)
    more, most = draw.choice(stock.compared)
    facts = [f"{a} is {more} than {b}." for a, b in pairwise(names)]
    draw.shuffle(facts)
    wanted = Wanted(wants="choice", options=tuple(sorted(names)))
    fill = {"facts": " ".join(facts), "most": most}
    return Drawn(key=(), fill=fill, answer=names[0], wanted=wanted)
