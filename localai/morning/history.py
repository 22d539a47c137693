"""What came of all runs, the oldest first: which adapter each made, and its scores by pool."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from localai.evals.stats import Estimate
from localai.morning.shifts import shifts
from localai.morning.verdict import verdict
from localai.store.store import Store
from localai.store.tuning import Run, RunState

MOST_RUNS = 200


class Score(msgspec.Struct, frozen=True):
    """How much of a pool was right with what a run made."""

    pool: str
    right: Estimate


class Night(msgspec.Struct, frozen=True):
    """A run in one line; `adapter` is what it made, by name, "" for none."""

    run: str
    model: str
    state: RunState
    ended: float
    adapter: str
    scores: tuple[Score, ...]
    reason: str = ""


def history(store: Store) -> tuple[Night, ...]:
    """All runs that have ended, the oldest first."""
    names = {each.id: each.name for each in store.adapters()}
    runs = [run for run in store.runs(MOST_RUNS) if run.state != "running"]
    return tuple(_night(run, names.get(run.adapter, "")) for run in reversed(runs))


def pools(nights: Iterable[Night]) -> tuple[str, ...]:
    """The names of all pools, in the order in which they came up."""
    return tuple(dict.fromkeys(score.pool for night in nights for score in night.scores))


def over_time(nights: Iterable[Night], pool: str) -> tuple[tuple[Night, Estimate], ...]:
    """The scores of a pool with the adapters that were let in."""
    return tuple(
        (night, score.right)
        for night in nights
        if night.state == "promoted"
        for score in night.scores
        if score.pool == pool
    )


def trends(runs: Sequence[Run]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """The shares right of each pool with what the promoted of the runs (newest first) made, the
    oldest first; of pools that were asked at least twice."""
    found = dict[str, list[float]]()
    for run in reversed(runs):
        judged = verdict(run.verdict) if run.state == "promoted" else None
        for pool in judged.pools if judged else ():
            if pool.share and pool.candidate is not None:
                found.setdefault(pool.name, []).append(pool.candidate)
    return tuple((name, tuple(values)) for name, values in found.items() if len(values) > 1)


def _night(run: Run, adapter: str) -> Night:
    judged = verdict(run.verdict)
    found = shifts(judged.pools if judged else ())
    return Night(
        run=run.id,
        model=run.model,
        state=run.state,
        ended=run.updated,
        adapter=adapter,
        scores=tuple(Score(each.pool, each.after) for each in found),
        reason=run.error or (judged.reason if judged else ""),
    )
