"""What the app offers by itself about learning: going on with a tune that was cut off, and
teaching the model in use what another one has learned.

Only looks; taking an offer up and declining it is the screen's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localai import tune_process
from localai.chat.session import Session
from localai.counted import counted
from localai.lessons.sets import named
from localai.measures import percent
from localai.sanitize import one_line
from localai.store.store import Store
from localai.store.tuning import Adapter, Run
from tui.learning.values import Offer

Accepted = Callable[[], Mapping[str, str]]
"""Tells the data set of each accepted example by its id."""
PLANNED = ("corrections", "duplicates", "unlearned")
"""The parts of a run's plan that name what was accepted when it was made."""
UNFINISHED = "The last tune was cut off{}: F5 goes on with it, F9 leaves it."
UNTAUGHT = "What {} learned ({}) is not in this model yet: F5 teaches it, F9 asks no more."


def unfinished(session: Session | None, runs: Sequence[Run]) -> Run | None:
    """The newest of the runs (newest first) that a tune of the model could go on with; none
    while one runs."""
    if session is None or any(run.state == "running" for run in runs[:1]):
        return None
    own = (run for run in runs if run.model == session.entry.name)
    return next(filter(tune_process.resumable, own), None)


def cut_off(session: Session | None, newest: Run | None, accepted: Accepted) -> Offer | None:
    """To go on with the newest run, if nobody meant it to end and it would learn the same."""
    if newest is None or newest.state != "interrupted" or unfinished(session, [newest]) is None:
        return None
    if not _learns_the_same(newest.plan, accepted):
        return None
    done = percent(newest.progress)
    return Offer(UNFINISHED.format(f" at {done} %" if done is not None else ""), resume=newest)


def untaught(
    store: Store, session: Session, own: Sequence[Adapter], accepted: Accepted
) -> Offer | None:
    """To teach the model in use, whose adapters are its `own`, what answers with another one
    and would still be learned. Nothing when that was declined, or was tried and refused."""
    model = session.entry.name
    if own or model in session.settings.app.not_taught:
        return None
    for adapter in store.adapters():
        if store.active_adapter(adapter.base) != adapter or _tried(store, model, adapter):
            continue
        if learned := len(_of_set(accepted(), "") & store.learned(adapter)):
            name, number = one_line(store.run(adapter.run).model), counted(learned, "example")
            return Offer(UNTAUGHT.format(name, number), model=model)
    return None


def _tried(store: Store, model: str, adapter: Adapter) -> bool:
    """Whether the model's newest tune came after the adapter, and nothing came of it."""
    run = next((run for run in store.runs() if run.model == model), None)
    if run is None or run.state not in ("rejected", "stopped"):
        return False
    return run.created > adapter.created


def _learns_the_same(plan: Mapping[str, Any], accepted: Accepted) -> bool:
    """Whether what a run was to learn is still what its data set holds. One that was planned
    before all of it was recorded may be; going on with it tells."""
    if "unlearned" not in plan:
        return True
    planned = {id_ for part in PLANNED for id_ in plan[part]}
    now = accepted()
    return _of_set(now, plan["data"]) <= planned <= now.keys()


def _of_set(accepted: Mapping[str, str], name: str) -> set[str]:
    return {id_ for id_, found in accepted.items() if found in named(name)}
