"""How far a tune run is, in words that the app and the command line share. Pure."""

from __future__ import annotations

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
