"""Which interrupted run a tune goes on with, if with any.

A run that got as far as training leaves its plan in its working folder, and can be gone
on with until it has a verdict. One that would learn something else today cannot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from localai.errors import StoreError, UsageError
from localai.store.store import Store
from localai.store.tuning import Run, StoredExample
from localai.tune.plan import Options
from localai.tune.workplace import worked
from localai.tune_process import planned, resumable

JUDGED = ("promoted", "rejected")
NOTHING = "There is no interrupted tune of this model to go on with; leave --resume out."
CHANGED = (
    "What would be learned, or a setting, has changed since the tune was interrupted; leave "
    "--resume out to begin anew (in the app: t)."
)

NOT_NEW = (
    "Nothing is new since the last tune, which {end}; correct an answer in the app (e on it), or "
    "add --anew to try the same again."
)
ENDS = {"promoted": "was let in", "rejected": "was not let in"}


def learns(
    accepted: Sequence[StoredExample],
    options: Options,
    head: str,
    path: Path,
    dropped: Sequence[str] = (),
) -> dict[str, str]:
    """What a run's plan tells about what it learns: a hash of the examples, of the settings
    but for the time, of the system text `head`, of where the model is, and of the ways to ask that
    the user `dropped`."""
    options = msgspec.structs.replace(options, seconds=0.0)
    told = msgspec.json.encode((accepted, options, head, str(path), dropped))
    return {"learns": hashlib.sha256(told).hexdigest()}


def over(run: Run) -> bool:
    """Whether nobody will go on with the run, wherever it stands. One whose end could not be
    recorded still reads as running, and as interrupted once its process is gone."""
    return run.state in JUDGED or not planned(run)


def unfinished(store: Store) -> tuple[Run, ...]:
    """The runs that could be gone on with, newest first."""
    found = []
    for run_id in worked():
        with suppress(StoreError):  # a folder may outlive the row of its run
            found.append(store.run(run_id))
    return tuple(sorted(filter(resumable, found), key=lambda run: run.number, reverse=True))


def choose(
    runs: Sequence[Run], base: str, plan: dict[str, Any], *, resume: bool | None
) -> Run | None:
    """The run to go on with in the place of a new one with this plan, of the model `base`.

    `resume` True: the newest of that model and data set that learns from its own right answers,
    too, or does not, as the plan says; else UsageError. None: likewise, if nothing changed, the
    time that it may take neither, and if it did not end by an error: that might come again.
    False: none.
    """
    found = next((run for run in runs if _alike(run, base, plan)), None)
    same = found is not None and found.plan.get("learns") == plan["learns"]
    if resume and not same:
        raise UsageError(CHANGED if found else NOTHING)
    if resume is False or found is None or not same:
        return None
    again = found.state != "failed" and found.plan["seconds"] == plan["seconds"]
    return found if resume or again else None


def require_new(runs: Sequence[Run], base: str, plan: dict[str, Any], since: int = 0) -> None:
    """Raise UsageError if the newest of the judged `runs` (newest first) of that model and data
    set has learned the same already, or more, and is newer than the run numbered `since`. Problems
    of the user's own that it did not try are new, too."""
    judged = (run for run in runs if run.state in JUDGED and _of_set(run, base, plan))
    last = next(judged, None)
    if last is None or last.number < since or last.plan.get("learns") != plan["learns"]:
        return
    untried = {*plan["problems"]} - {*last.plan.get("problems", ())}
    if not plan["rl"] or (last.plan.get("rl", False) and not untried):
        raise UsageError(NOT_NEW.format(end=ENDS[last.state]))


def replaced(runs: Sequence[Run], base: str, plan: dict[str, Any]) -> frozenset[str]:
    """The ids of those that nobody can go on with once a run with this plan has begun."""
    return frozenset(run.id for run in runs if _alike(run, base, plan))


def _alike(run: Run, base: str, plan: dict[str, Any]) -> bool:
    return _of_set(run, base, plan) and run.plan.get("rl", False) == plan["rl"]


def _of_set(run: Run, base: str, plan: dict[str, Any]) -> bool:
    return (run.base, run.plan.get("data")) == (base, plan["data"])
