"""How far a tune run is, and how it was judged, in words that the app and the command line share.
Pure."""

from __future__ import annotations

from collections.abc import Sequence

from localai.counted import counted
from localai.store.tuning import Progress, RunState

STATES: dict[RunState, str] = {
    "promoted": "Promoted",
    "rejected": "Not promoted",
    "failed": "Failed",
    "stopped": "Stopped",
    "interrupted": "Interrupted",
    "running": "Running",
}


def duration(seconds: float) -> str:
    """A length of time, no finer than a reader needs."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


ENDED = {
    "files": "before it was loaded",
    "slice": "after the first few questions",
    "targets": "after what it trained for",
}
"""Where a gate ended that did not ask everything."""


def gate_notes(stage: str, targets: Sequence[str], close: int) -> list[str]:
    """What a verdict's table does not say, in sentences: what was trained for, how far the gate
    came, how many answers turned by a hair."""
    found = []
    if targets:
        found.append(f"It trained for: {', '.join(targets)}.")
    if stage in ENDED:
        found.append(f"The gate ended {ENDED[stage]}.")
    if close:
        found.append(f"{counted(close, 'answer')} turned by a hair and count as before.")
    return found


def chance(p: float | None) -> str:
    """A p value in five cells; "" where there was no test."""
    if p is None:
        return ""
    return "<.001" if p < 0.001 else f"{p:.3f}"


def score(value: float | None, unit: str = "") -> str:
    """A share in percent, or a number that has a unit, which stands elsewhere."""
    if value is None:
        return "?"
    return f"{value:.2f}" if unit else f"{100 * value:.0f} %"


def percent(progress: Progress) -> int | None:
    """How much of the stage is done, None when that is not known."""
    if progress.total <= 0:
        return None
    return max(0, min(100, 100 * progress.done // progress.total))


def measures(progress: Progress) -> list[str]:
    """The numbers that are known of a stage: loss, speed, the most memory held, time left."""
    found = []
    if progress.loss is not None:
        found.append(f"loss {progress.loss:.2f}")
    if progress.tokens_per_second is not None:
        found.append(f"{progress.tokens_per_second:,.0f} tokens/s")
    if progress.memory is not None:
        found.append(f"{progress.memory / 1e9:.1f} GB")
    if progress.seconds_left is not None:
        found.append(f"{duration(progress.seconds_left)} left")
    return found
