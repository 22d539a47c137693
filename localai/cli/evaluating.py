"""Makes the runs that `localai eval` asks for, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, cast

import msgspec

from localai import config
from localai.catalog.entry import required_path
from localai.chat.adapters import active_adapter
from localai.cli import meant
from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.cli.tuning import Watcher
from localai.errors import UsageError
from localai.evals import running
from localai.evals.running import BARE, Plan
from localai.evals.task import Manner, Place, Pool, Style, Task
from localai.evals.tasks import TASKS, find
from localai.store.evaluated import EvalRun
from localai.store.store import Store
from localai.store.tuning import Adapter

SAMPLED = 0.7
"""The temperature of samples, where the task has none of its own."""


class Wanted(NamedTuple):
    """The arguments and options of `localai eval`."""

    tasks: tuple[str, ...]
    model: str
    adapter: str | None
    against: str | None
    n: int
    pool: Pool
    style: str | None
    samples: int | None
    seed: int
    anew: bool


class Pair(NamedTuple):
    """A run, and the one it is compared with, if any."""

    run: EvalRun
    other: EvalRun | None = None


def made(invocation: Invocation, store: Store, wanted: Wanted) -> list[Pair]:
    """Ask everything; the runs, those that are compared in one. Raises LocalaiError, and
    UsageError before anything is asked."""
    settings = config.load()
    invocation = meant.instead(invocation, wanted.model, "--model")
    plans = _plans(wanted)
    opened = invocation.open_session(store, settings, model=invocation.model, private=True)
    with closing(opened) as session, closing(Watcher(sys.stderr)) as watcher:
        place = running.place_of(session)
        adapters = _adapters(place, wanted)
        found = list[Pair]()
        cases = [(plan, adapter) for each in plans for plan in each for adapter in adapters]
        command = running.command(place, cases, anew=wanted.anew)
        try:
            for each in plans:
                with _unless_named(wanted):
                    found += _asked(place, each, adapters, watcher, command)
        except KeyboardInterrupt:
            watcher.close()
            note("Stopped; the same command goes on with it (--anew would not).")
            raise
    return found


def _plans(wanted: Wanted) -> list[list[Plan]]:
    """What is asked of each task."""
    plans = list[list[Plan]]()
    for name in wanted.tasks or TASKS:
        with _unless_named(wanted):
            plans.append(plans_of(_task(name), wanted))
    if not plans:
        raise UsageError("There is no task to ask; name one, or a file with questions.")
    return plans


@contextmanager
def _unless_named(wanted: Wanted) -> Iterator[None]:
    """Where all tasks are meant, one that cannot be asked is only told of."""
    try:
        yield
    except UsageError as error:
        if wanted.tasks:
            raise
        note(f"Left out: {error}")


def plans_of(task: Task, wanted: Wanted) -> list[Plan]:
    """What is asked of a task: in each style that is wanted and that it has. Raises UsageError
    for a style that it has not."""
    if wanted.style == "both":
        styles = task.styles
    else:
        styles = (cast("Style", wanted.style or task.manner.style),)
    if wanted.style and not set(styles) <= set(task.styles):
        raise UsageError(f"{task.name} is asked in this style only: {', '.join(task.styles)}.")
    manner = _manner(task.manner, wanted)
    return [
        Plan(
            task=task,
            pool=wanted.pool,
            n=wanted.n,
            manner=msgspec.structs.replace(manner, style=style),
        )
        for style in styles
    ]


def _manner(manner: Manner, wanted: Wanted) -> Manner:
    """The task's own, with what is wanted otherwise."""
    manner = msgspec.structs.replace(manner, seed=wanted.seed)
    if wanted.samples is None:
        return manner
    sampled = manner.temperature or SAMPLED
    temperature = sampled if wanted.samples > 1 else manner.temperature
    return msgspec.structs.replace(manner, samples=wanted.samples, temperature=temperature)


def _task(name: str) -> Task:
    """The task of that name, or that of a file. Raises UsageError."""
    path = Path(name)
    if name in TASKS or not (path.suffix or path.exists()):
        return find(name)
    from localai.evals.tasks import user_file

    return user_file.read(path)


def _adapters(place: Place, wanted: Wanted) -> list[Adapter | None]:
    """Whose answers are asked for: the one that is compared with first. Raises UsageError."""

    def named(name: str) -> Adapter | None:
        if name.lower() == BARE:
            return None
        return meant.adapter_of(required_path(place.entry), place.store, name)

    if wanted.adapter is None:
        now = active_adapter(place.store, place.entry)
    else:
        now = named(wanted.adapter)
    if wanted.against is None:
        return [now]
    other = named(wanted.against)
    if other == now:
        raise UsageError(
            f"{now.name if now else 'The bare model'} cannot be compared with itself; name another "
            "with --adapter or --against."
        )
    return [other, now]


def _asked(
    place: Place,
    plans: list[Plan],
    adapters: list[Adapter | None],
    watcher: Watcher,
    command: str,
) -> Iterator[Pair]:
    """The runs of one task. Two adapters are compared in each style, else two styles."""
    runs = [
        [running.run(place, plan, adapter, watcher.tell, command) for adapter in adapters]
        for plan in plans
    ]
    watcher.close()
    pairs = runs if len(adapters) > 1 else [[run for [run] in runs]]
    for pair in pairs:
        if len(pair) == 1:
            yield Pair(pair[0])
        else:
            first, second = pair
            yield Pair(place.store.pair_evals(second.id, first.id), first)
