"""What rounds of rejection sampling have found so far, as it is learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from localai.errors import ConfigError, StoreError, UsageError
from localai.evals.problems.own import Own, read
from localai.lessons.maker import Example
from localai.lessons.sets import named
from localai.question_kinds import OWN
from localai.rl.leanest import Choose, leanest
from localai.rl.round import example, learned
from localai.store.discovering import Attempt
from localai.store.store import Store

MOST = 2
"""Answers to a problem that are learned."""

ROUND = "round"
"""In a verdict: the round whose adapter was judged, 0 for none."""


def earlier(store: Store, base: str, name: str) -> list[str]:
    """The ids of the runs whose right answers the active adapter of the model `base` has learned.
    They are learned again, as everything is, but not beside the data set `name` alone, which is
    to be all there is."""
    active = store.active_adapter(base)
    if "" not in named(name) or active is None or not active.run:
        return []
    return [*store.run(active.run).plan.get("earlier", ()), active.run]


def read_own(store: Store, files: Sequence[Path]) -> Own:
    """The user's own problems in these files. What was sampled for others, which are no longer
    there or have another answer now, is erased: nothing learns it again. Raises ConfigError for a
    file that cannot be used."""
    try:
        own = read(files)
    except UsageError as error:
        raise ConfigError(f"Of the files in tune.problems {error}") from error
    store.drop_problems(OWN, own.ids)
    return own


def found_so_far(
    store: Store, runs: Sequence[str], choose: Choose = leanest
) -> tuple[Example, ...]:
    """What these runs kept: of each problem the best of all that they found. Of a run that was let
    in that is what its adapter has learned; one that goes on keeps everything."""
    kept = [attempt for run in runs for attempt in _kept(store, run)]
    return tuple(map(example, learned(kept, choose, MOST)))


def _kept(store: Store, run_id: str) -> tuple[Attempt, ...]:
    try:
        run = store.run(run_id)
    except StoreError:  # it was lost, and what it found with it
        return ()
    if run.state != "promoted":
        return store.kept(run_id)
    last = (run.verdict or {}).get(ROUND, 0)
    return store.kept(run_id, last) if last else ()
