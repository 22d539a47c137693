"""How the pools of a verdict came out, with intervals. Light: the app looks at it each second."""

from __future__ import annotations

from collections.abc import Sequence

from localai.evals import stats
from localai.morning.values import Shift
from localai.morning.verdict import Pool


def shifts(pools: Sequence[Pool]) -> tuple[Shift, ...]:
    """Those of the pools that were asked and whose questions are right or wrong."""
    return tuple(shift(pool) for pool in pools if pool.share)


def shift(pool: Pool) -> Shift:
    """A pool's numbers with their intervals, from its counts: every question is right or wrong."""
    right = round((pool.current or 0.0) * pool.n)
    both = max(0, right - pool.lost)
    neither = max(0, pool.n - both - pool.won - pool.lost)
    before = [1.0] * (both + pool.lost) + [0.0] * (pool.won + neither)
    after = [1.0] * both + [0.0] * pool.lost + [1.0] * pool.won + [0.0] * neither
    return Shift(
        pool=pool.name,
        before=stats.mean(before),
        after=stats.mean(after),
        by=stats.difference(before, after),
        rule=pool.tolerance,
        passed=pool.passed,
        close=pool.close,
    )
