"""Sampling and scoring as the app asks for them: slice by slice, so that a chat gets its turn.

The child does one command after the other, and each slice is a command. Whoever wants to
chat waits for the rest of a slice, which ends with the step after `SLICE` seconds; the other
work waits while an answer is generated, and for a moment after each slice, since a lock that
is given back and taken again at once would never be anybody else's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from itertools import chain
from typing import NamedTuple, TypeVar

from localai.engine import frames
from localai.engine.base import Job, Sampled, Scores, Scoring
from localai.engine.deaths import Phase
from localai.engine.supervisor import Supervisor
from localai.errors import EngineBusy

SLICE = 0.1
"""Seconds of work for one command."""

GIVE_WAY = 0.002
"""Seconds between two slices."""

WAIT = 0.05
"""Seconds between two looks at whether an answer has ended."""


Slice = TypeVar("Slice", frames.Some, frames.Scored)
Make = Callable[[int], frames.Command]


class _Work(NamedTuple):
    """The commands for it."""

    begin: Make
    go_on: Make
    end: Make


def sampled(
    child: Supervisor,
    jobs: Sequence[Job],
    seconds: float,
    stop: threading.Event | None = None,
) -> Generator[Sampled, None, None]:
    """All samples as they end; `seconds` of silence are too many. Closing it ends them, `stop`
    after the slice that runs."""
    work = _Work(
        lambda number: frames.Sample(number, tuple(jobs)),
        lambda number: frames.SampleOn(number, SLICE),
        lambda number: frames.Sample(number, ()),
    )
    with closing(_slices(child, frames.Some, work, seconds)) as slices:
        for some in slices:
            yield from some.samples
            if stop is not None and stop.is_set():
                return


def scored(child: Supervisor, questions: Sequence[Scoring], seconds: float) -> tuple[Scores, ...]:
    """The scores of each question; `seconds` of silence are too many."""
    work = _Work(
        lambda number: frames.Score(number, tuple(questions)),
        lambda number: frames.ScoreOn(number, SLICE),
        lambda number: frames.Score(number, ()),
    )
    with closing(_slices(child, frames.Scored, work, seconds)) as slices:
        return tuple(chain.from_iterable(some.scores for some in slices))


def _slices(
    child: Supervisor, kind: type[Slice], work: _Work, seconds: float
) -> Generator[Slice, None, None]:
    some = _turn(child, kind, work.begin, seconds)
    try:
        while some.left:
            time.sleep(GIVE_WAY)
            some = _turn(child, kind, work.go_on, seconds)
            yield some
    finally:
        if some.left and child.pid is not None:
            # Where an answer is being generated, what begins next ends this.
            with suppress(EngineBusy):
                _ask(child, kind, work.end, seconds)


def _turn(child: Supervisor, kind: type[Slice], make: Make, seconds: float) -> Slice:
    """One command, as soon as no answer is being generated."""
    while True:
        try:
            return _ask(child, kind, make, seconds)
        except EngineBusy:
            time.sleep(WAIT)


def _ask(child: Supervisor, kind: type[Slice], make: Make, seconds: float) -> Slice:
    phase: Phase = "reading the prompt"
    with child.turn():
        child.ready()
        answer = child.receive(child.send(make, phase), seconds, phase)
        if not isinstance(answer, kind):
            raise child.garbled(phase)
        return answer
