"""Rows of a benchmark table and the little statistics behind them.

A ratio comes from interleaved pairs (ours, the peer's, ours, the peer's ...): its median,
with a bootstrap interval. A bar is missed only when the whole interval is on the wrong
side of it, so that a noisy machine does not fail a sound program.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

CONFIDENCE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Row:
    """One measured figure. `bar` is a bound on `ratio` where there is a peer, else on `value`."""

    name: str
    value: float
    unit: str
    peer: float | None = None
    ratio: float | None = None
    interval: tuple[float, float] | None = None
    bar: float | None = None
    better: Literal["high", "low"] = "high"
    n: int = 1

    @property
    def ok(self) -> bool:
        """Whether the bar holds; a row without a bar is for information."""
        if self.bar is None:
            return True
        figure = self.value if self.ratio is None else self.ratio
        low, high = self.interval or (figure, figure)
        return high >= self.bar if self.better == "high" else low <= self.bar

    def as_json(self) -> dict[str, object]:
        """The row as scripts read it."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "peer": self.peer,
            "ratio": self.ratio,
            "interval": self.interval,
            "bar": self.bar,
            "n": self.n,
            "ok": self.ok,
        }


def paired(
    name: str,
    unit: str,
    ours: Sequence[float],
    peers: Sequence[float],
    bar: float | None = None,
    better: Literal["high", "low"] = "high",
) -> Row:
    """A row from interleaved measurements, the ratio taken pair by pair."""
    ratios = [own / peer for own, peer in zip(ours, peers, strict=True)]
    return Row(
        name=name,
        value=statistics.median(ours),
        unit=unit,
        peer=statistics.median(peers),
        ratio=statistics.median(ratios),
        interval=bootstrap(ratios),
        bar=bar,
        better=better,
        n=len(ratios),
    )


def share(
    name: str,
    hits: Sequence[bool],
    bar: float | None = None,
    better: Literal["high", "low"] = "high",
) -> Row:
    """The share of hits, with its standard error in the name."""
    n, found = len(hits), sum(hits) / len(hits)
    spread = math.sqrt(found * (1 - found) / n)
    return Row(f"{name} (± {spread:.2f})", found, "share", bar=bar, better=better, n=n)


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """Percentile interval of the median (Efron's bootstrap), with a fixed seed."""
    draw = random.Random(0)
    medians = sorted(
        statistics.median(draw.choices(values, k=len(values))) for _ in range(RESAMPLES)
    )
    edge = (1 - CONFIDENCE) / 2
    return medians[int(edge * RESAMPLES)], medians[int((1 - edge) * RESAMPLES) - 1]


def quantile(values: Sequence[float], q: float) -> float:
    """The smallest value that a share `q` of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
