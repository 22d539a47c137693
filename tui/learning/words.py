"""Learning in words: how far a tune is, and what a correction changed. Pure and clean."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from localai.measures import duration, percent
from localai.moments import local
from localai.sanitize import one_line
from localai.store.tuning import Run, Turn

NOTHING = "(nothing)"
STANDS: dict[Turn, str] = {"waiting": " waits", "paused": " paused"}


def shorten(text: str, width: int) -> str:
    """At most `width` characters of a line."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def when(seconds: float) -> str:
    """A point in time (Unix seconds) in the reader's own time zone."""
    return f"{local(seconds):%d %b %H:%M}".lstrip("0")


def status_forms(run: Run | None) -> tuple[str, ...]:
    """A running tune for the status line, from everything to the least; none when none runs."""
    if run is None or run.state != "running":
        return ()
    progress = run.progress
    share = percent(progress)
    stage = one_line(progress.stage) or "starting"
    done = f" {share} %" if share is not None else ""
    loss = [f"loss {progress.loss:.2f}"] if progress.loss is not None else []
    left = [duration(progress.seconds_left)] if progress.seconds_left is not None else []
    full = " · ".join([f"tune: {stage}{done}", *loss, *(f"{time} left" for time in left)])
    tune = f"tune{STANDS.get(progress.turn, '')}"
    short = " · ".join([f"{tune}{done}", *loss, *left])
    return full, short, f"{tune}{done or '…'}"


def difference(rejected: str, chosen: str) -> tuple[str, str]:
    """Where two texts differ: what was there, and what is there now, in whole words.

    What both begin or end with becomes "…", so that a change in the middle can be seen.
    """
    old, new = one_line(rejected).split(), one_line(chosen).split()
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    return _middle(old, head, tail), _middle(new, head, tail)


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many words two lists begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _middle(words: Sequence[str], head: int, tail: int) -> str:
    middle = " ".join(words[head : len(words) - tail]) or NOTHING
    return ("… " if head else "") + middle + (" …" if tail else "")
