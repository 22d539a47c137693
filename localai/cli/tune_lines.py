"""Where a tune stands, as lines and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localai.cli.tuning import progress_line
from localai.measures import STATES, percent
from localai.moments import WHEN, local, utc
from localai.morning.verdict import verdict
from localai.sanitize import clean, one_line
from localai.store.tuning import Run

TURNS = {
    "": "",
    "waiting": "It waits until no chat has the model in memory.",
    "training": "A chat's model has left the memory to it.",
    "paused": "It is paused while you chat.",
}


def told(run: Run, adapter: str) -> list[str]:
    """What a run does now, or how it ended; `adapter` is the name of what it made."""
    if run.state == "running":
        head = f"Running since {_when(run.created)} on {one_line(run.model)}."
        turn = TURNS[run.progress.turn]
        return [head, clean(progress_line(run.progress)), *([turn] if turn else [])]
    judged = verdict(run.verdict)
    reason = one_line(run.error or (judged.reason if judged else ""))
    made = f": {one_line(adapter)}" if adapter else ""
    head = (
        f"No tune is running. The last one ended {_when(run.updated)}. {STATES[run.state]}{made}."
    )
    report = "`localai tune report` tells all of it."
    return [head, *([reason] if reason else []), report]


def log(tail: Sequence[str]) -> list[str]:
    """The last lines of the log, set apart; nothing where there are none."""
    return ["", "Log:", *(f"  {clean(line)}" for line in tail)] if tail else []


def as_json(
    run: Run | None, adapter: str, process: int | None, tail: Sequence[str]
) -> dict[str, Any]:
    """The same as a JSON object. Keys are only ever added."""
    if run is None:
        return {"state": None, "log": list(tail)}
    progress = run.progress
    return {
        "state": run.state,
        "run": run.id,
        "model": run.model,
        "began": utc(run.created),
        "updated": utc(run.updated),
        "process": process,
        "adapter": adapter or None,
        "error": run.error or None,
        "stage": progress.stage,
        "done": progress.done,
        "total": progress.total,
        "percent": percent(progress),
        "seconds_left": progress.seconds_left,
        "loss": progress.loss,
        "tokens_per_second": progress.tokens_per_second,
        "memory": progress.memory,
        "turn": progress.turn,
        "spent": progress.spent,
        "log": list(tail),
    }


def _when(seconds: float) -> str:
    return local(seconds).strftime(WHEN)
