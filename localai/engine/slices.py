"""Sampling as the app asks for it: slice by slice, so that a chat gets its turn in between.

The child does one command after the other, and each slice is a command. Whoever wants to
chat waits for the rest of a slice, which ends with the step after `SLICE` seconds; sampling
waits while an answer is generated, and for a moment after each slice, since a lock that is
given back and taken again at once would never be anybody else's.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator

from localai.engine import frames
from localai.engine.base import Job, Sampled
from localai.engine.deaths import Phase
from localai.engine.supervisor import Supervisor
from localai.errors import EngineBusy

SLICE = 0.1
"""Seconds of sampling for one command."""

GIVE_WAY = 0.002
"""Seconds between two slices."""

WAIT = 0.05
"""Seconds between two looks at whether an answer has ended."""


def sampled(
    child: Supervisor, jobs: tuple[Job, ...], seconds: float
) -> Generator[Sampled, None, None]:
    """All samples as they end; `seconds` of silence are too many. Closing it ends them."""
    some = _turn(child, lambda number: frames.Sample(number, jobs), seconds)
    try:
        while some.left:
            time.sleep(GIVE_WAY)
            some = _turn(child, lambda number: frames.GoOn(number, SLICE), seconds)
            yield from some.samples
    finally:
        if some.left and child.pid is not None:
            # Where an answer is being generated, what is sampled next ends this.
            with contextlib.suppress(EngineBusy):
                _ask(child, lambda number: frames.Sample(number, ()), seconds)


def _turn(child: Supervisor, make: Callable[[int], frames.Command], seconds: float) -> frames.Some:
    """One command, as soon as no answer is being generated."""
    while True:
        try:
            return _ask(child, make, seconds)
        except EngineBusy:
            time.sleep(WAIT)


def _ask(child: Supervisor, make: Callable[[int], frames.Command], seconds: float) -> frames.Some:
    phase: Phase = "reading the prompt"
    with child.turn():
        child.ready()
        answer = child.receive(child.send(make, phase), seconds, phase)
        if not isinstance(answer, frames.Some):
            raise child.garbled(phase)
        return answer
