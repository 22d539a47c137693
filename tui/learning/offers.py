"""What the app offers by itself about learning: going on with a tune that was cut off, and
teaching the model in use what another one has learned.

Only looks; taking an offer up and declining it is the screen's.
"""

from __future__ import annotations

from collections.abc import Sequence

from localai import tune_process
from localai.chat.session import Session
from localai.counted import counted
from localai.sanitize import one_line
from localai.store.store import Store
from localai.store.tuning import Adapter, Run
from tui.learning.values import Offer
from tui.learning.words import percent

UNFINISHED = "The last tune was cut off{}: F5 goes on with it, F9 leaves it."
UNTAUGHT = "What {} learned ({}) is not in this model yet: F5 teaches it, F9 asks no more."


def unfinished(session: Session | None, runs: Sequence[Run]) -> Run | None:
    """The newest of the runs (newest first) that a tune of the model could go on with; none
    while one runs."""
    if session is None or any(run.state == "running" for run in runs[:1]):
        return None
    own = (run for run in runs if run.model == session.entry.name)
    return next(filter(tune_process.resumable, own), None)


def cut_off(session: Session | None, newest: Run | None) -> Offer | None:
    """To go on with the newest run, if nobody meant it to end."""
    if newest is None or newest.state != "interrupted" or unfinished(session, [newest]) is None:
        return None
    done = percent(newest.progress)
    return Offer(UNFINISHED.format(f" at {done} %" if done is not None else ""), resume=newest)


def untaught(store: Store, session: Session, own: Sequence[Adapter]) -> Offer | None:
    """To teach the model in use, whose adapters are its `own`, what answers with another one
    and would still be learned. Nothing when that was declined."""
    if own or session.entry.name in session.settings.app.not_taught:
        return None
    for adapter in store.adapters():
        if store.active_adapter(adapter.base) != adapter:
            continue
        accepted = {example.id for example in store.examples(state="accepted", name="")}
        if learned := len(accepted & store.learned(adapter)):
            name, number = one_line(store.run(adapter.run).model), counted(learned, "example")
            return Offer(UNTAUGHT.format(name, number), model=session.entry.name)
    return None
