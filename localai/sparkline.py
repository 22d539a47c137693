"""Numbers as a row of bars, for a line of text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """Values as a row of bars, averaged down to at most `width` of them.

    Values that are no numbers leave a gap; the lowest and the highest fill the whole scale.
    """
    count = min(len(values), max(0, width))
    if not count:
        return ""
    edges = [len(values) * i // count for i in range(count + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    known = [mean for mean in means if abs(mean) < float("inf")]
    if not known:
        return " " * count
    low, span = min(known), max(known) - min(known)
    return "".join(_bar(mean, low, span) for mean in means)


def _bar(value: float, low: float, span: float) -> str:
    if not abs(value) < float("inf"):
        return " "
    share = (value - low) / span if span else 0.0
    return BARS[min(len(BARS) - 1, int(share * len(BARS)))]
