"""Problems with letters and units: counting letters, spelling backwards, converting."""

from __future__ import annotations

import random
from fractions import Fraction

from localai.evals.final_answer import Wanted
from localai.evals.problems.problem import Drawn, Stock

LENGTHS = {1: (3, 4), 2: (5, 6), 3: (7, 8), 4: (9, 12)}

UNITS = (
    ("metres", "centimetres", "cm", 100),
    ("kilometres", "metres", "m", 1000),
    ("kilograms", "grams", "g", 1000),
    ("litres", "millilitres", "ml", 1000),
    ("hours", "minutes", "minute", 60),
    ("minutes", "seconds", "second", 60),
    ("days", "hours", "hour", 24),
    ("weeks", "days", "day", 7),
)
"""The larger unit, the smaller one, what that is called by itself, and how many make one."""


def letters(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """How often a letter is in a word of up to twelve; also one that is not in it."""
    word = _word(draw, level, stock)
    often = [each for each in sorted(set(word)) if word.count(each) > 1]
    letter = draw.choice(often if often and draw.random() < 0.5 else sorted({*word, "e", "a", "o"}))
    fill = {"letter": letter, "word": word}
    return Drawn(key=(), fill=fill, answer=str(word.count(letter)))


def reversing(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """A word backwards."""
    word = _word(draw, level, stock)
    wanted = Wanted(wants="word", options=(word,))
    return Drawn(key=(), fill={"word": word}, answer=word[::-1], wanted=wanted)


def units(draw: random.Random, level: int, stock: Stock) -> Drawn:
    """Into a smaller unit: of a few, of many, of decimals, of both units."""
    large, small, unit, size = draw.choice(UNITS)
    n = Fraction(draw.randint(2, 99 if level == 2 else 12))
    if level == 3:
        n += Fraction(draw.randint(1, 9), 10) if size % 100 == 0 else Fraction(1, 2)
        if (n * size).denominator > 1:
            n = n - Fraction(1, 2) + 1
    extra = draw.randint(2, min(size, 100) - 1) if level == 4 else 0
    amount = f"{float(n):g} {large}" + (f" and {extra} {small}" if extra else "")
    return Drawn(
        key=(large, str(n), extra),
        fill={"amount": amount, "small": small},
        answer=str(n * size + extra),
        wanted=Wanted(unit=unit),
    )


def _word(draw: random.Random, level: int, stock: Stock) -> str:
    low, high = LENGTHS[level]
    return draw.choice([word for word in stock.words if low <= len(word) <= high])
