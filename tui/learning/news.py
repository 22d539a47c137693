"""What the app tells of a tune that ended while nobody looked, or of a night on which none began,
until it was seen.

Only looks; reading it and putting it away is the screen's.
"""

from __future__ import annotations

import time

from localai import tune_process
from localai.chat.session import Session
from localai.morning import wording
from localai.schedule.outcome import last_night
from localai.store.tuning import Adapter, Run
from tui.learning.values import News


def news(session: Session, newest: Run | None, adapter: Adapter | None) -> News | None:
    """Of the newest run, else of a night after it on which the machine was not free for one;
    nothing while one runs. `adapter` answers now."""
    if newest is not None and newest.state == "running":
        return None
    return _of_run(session, newest, adapter) or _of_night(session, newest)


def _of_run(session: Session, newest: Run | None, adapter: Adapter | None) -> News | None:
    """Of a run of the model in use. Nothing of one that the user stopped, that is offered to be
    gone on with, or whose adapter was put aside."""
    if newest is None or newest.model != session.entry.name:
        return None
    key, seen = _key(newest), session.settings.app.seen_tune
    if seen == key or seen.startswith(f"{key}-"):  # a night after it was seen, too
        return None
    goes_on = tune_process.resumable(newest)
    if (newest.state == "interrupted" and goes_on) or _stopped_by_user(newest):
        return None
    better = newest.state == "promoted"
    if better and (adapter is None or adapter.id != newest.adapter):
        return None
    name = adapter.name if adapter else ""
    lines = wording.news(newest, name, time.time(), goes_on=goes_on)
    return News(newest.id, key, lines, better)


def _of_night(session: Session, newest: Run | None) -> News | None:
    """Of the last night. Its key begins with that of the run before it."""
    last = last_night()
    if last is None or not last.hindered or (newest is not None and last.at < newest.updated):
        return None
    key = f"{_key(newest)}-{last.at:.0f}"
    if session.settings.app.seen_tune == key:
        return None
    line = wording.no_tune(last.at, last.why_not, time.time())
    return News("", key, (line,), better=False)


def _stopped_by_user(run: Run) -> bool:
    """Whether it was, who knows of it then; else it says why it was stopped."""
    return run.state == "stopped" and not run.error


def _key(run: Run | None) -> str:
    return f"{run.id}-{run.number}" if run is not None else ""
