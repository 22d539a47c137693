"""Numbers over time as curves with intervals: where everything lies in a picture. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

WIDTH, HEIGHT = 700, 180
LEFT, RIGHT, TOP, BOTTOM = 56, 44, 10, 24
"""Pixels: of the whole picture, and of what is kept free around the curves."""
TICKS = 4


class Spot(msgspec.Struct, frozen=True):
    """A value at `x` with its interval, to be placed; `text` says what it is."""

    x: float
    value: float
    low: float
    high: float
    text: str = ""


class Placed(msgspec.Struct, frozen=True):
    """A spot in its place, in pixels."""

    x: float
    y: float
    low: float
    high: float
    text: str


class Curve(msgspec.Struct, frozen=True):
    """One line, as an SVG list of points, and its spots; `side` tells curves apart, from 0."""

    side: int
    points: str
    spots: tuple[Placed, ...]


class Curves(msgspec.Struct, frozen=True):
    """A picture: curves, (y, text) along the left axis, (x, text) along the one below."""

    width: int
    height: int
    left: int
    floor: int
    curves: tuple[Curve, ...]
    heights: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]


def curves(
    series: Sequence[tuple[int, Sequence[Spot]]],
    low: float,
    high: float,
    said: Callable[[float], str],
    below: Sequence[tuple[float, str]],
) -> Curves:
    """The series, each with its side, between two values; `said` is a value in words, `below`
    what stands where along the axis."""
    xs = [spot.x for _, spots in series for spot in spots]
    first, last = min(xs, default=0.0), max(xs, default=0.0)
    wide, tall = last - first or 1.0, high - low or 1.0

    def across(x: float) -> float:
        middle = 0.5 if last == first else (x - first) / wide
        return round(LEFT + (WIDTH - LEFT - RIGHT) * middle, 1)

    def up(value: float) -> float:
        inside = min(high, max(low, value))
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - inside) / tall, 1)

    found = []
    for side, spots in series:
        placed = tuple(
            Placed(across(spot.x), up(spot.value), up(spot.low), up(spot.high), spot.text)
            for spot in spots
        )
        found.append(Curve(side, " ".join(f"{spot.x},{spot.y}" for spot in placed), placed))
    steps = [low + (high - low) * at / TICKS for at in range(TICKS + 1)]
    return Curves(
        WIDTH,
        HEIGHT,
        LEFT,
        HEIGHT - BOTTOM,
        tuple(found),
        tuple((up(step), said(step)) for step in steps),
        tuple((across(x), text) for x, text in below),
    )
