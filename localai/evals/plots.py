"""Dots with intervals, a line for each name: where everything lies in a picture. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

LABELS, WIDTH, MARGIN = 170, 700, 40
"""Pixels: for the names, of the whole picture, and beside the axis."""

LINE, APART = 26, 8
"""Pixels between two names, and between two dots of one."""

TOP = 24
TICKS = 5


class Dot(msgspec.Struct, frozen=True):
    """A value and its interval, to be placed; `side` tells the runs apart, from 0."""

    value: float
    low: float
    high: float
    text: str
    side: int = 0


class Placed(msgspec.Struct, frozen=True):
    """A dot in its place, in pixels."""

    x: float
    low: float
    high: float
    y: float
    text: str
    side: int


class Plot(msgspec.Struct, frozen=True):
    """A picture: names with the height they stand at, dots, (x, text) along the axis."""

    width: int
    height: int
    names: tuple[tuple[float, str], ...]
    dots: tuple[Placed, ...]
    ticks: tuple[tuple[float, str], ...]


def plot(
    rows: Sequence[tuple[str, Sequence[Dot]]],
    low: float,
    high: float,
    said: Callable[[float], str],
) -> Plot:
    """The rows between two values; `said` is a value in words."""
    span = high - low or 1.0

    def across(value: float) -> float:
        inside = min(high, max(low, value))
        return round(LABELS + (WIDTH - LABELS - MARGIN) * (inside - low) / span, 1)

    names, dots = list[tuple[float, str]](), list[Placed]()
    for at, (name, values) in enumerate(rows):
        middle = TOP + LINE * at + LINE / 2
        names.append((middle, name))
        for number, dot in enumerate(values):
            y = middle + APART * (number - (len(values) - 1) / 2)
            ends = across(dot.low), across(dot.high)
            dots.append(Placed(across(dot.value), *ends, y, dot.text, dot.side))
    steps = [low + span * at / (TICKS - 1) for at in range(TICKS)]
    ticks = tuple((across(step), said(step)) for step in steps)
    return Plot(WIDTH, TOP + LINE * len(rows) + 8, tuple(names), tuple(dots), ticks)


def around(values: Sequence[float]) -> float:
    """The end of an axis around 0 on which all of these have room: 1, 2 or 5 times a power of
    ten."""
    most = max((abs(value) for value in values), default=0.0) or 1.0
    size = 10.0 ** math.floor(math.log10(most))
    return next(size * step for step in (1, 2, 5, 10) if size * step >= most)
