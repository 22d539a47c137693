"""A tune from the command line, from its start to its verdict: signals, progress, the end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from localai import tune_process
from localai.cli import meant, night
from localai.cli.failure import note
from localai.cli.interrupts import SIGNALS, Interrupted
from localai.cli.invocation import Invocation

if TYPE_CHECKING:
    from localai.catalog import ModelEntry
    from localai.config import Settings


def with_sets(invocation: Invocation, settings: Settings, *, only_there: bool) -> str:
    """The name of the user's own examples, where there are any, and of the sets of the settings;
    of these perhaps only what is there."""
    with invocation.read_store() as store:
        own = store.examples(state="accepted", name="", limit=1)
        wanted = [
            each
            for each in dict.fromkeys(settings.tune.sets)
            if not only_there or store.examples(state="accepted", name=each, limit=1)
        ]
    return ",".join((*([""] if own or not wanted else ()), *wanted))


def begun_with_rl(invocation: Invocation, settings: Settings, name: str) -> bool:
    """Whether the run of the data sets `name` that can be gone on with learns from its own right
    answers, too."""
    from localai.tune import resuming

    entry = meant.model(invocation, settings)
    with invocation.read_store() as store:
        plans = [run.plan for run in resuming.unfinished(store) if run.model == entry.name]
    found = next((plan for plan in plans if plan.get("data") == name), {})
    return bool(found.get("rl"))


def wants_rl(settings: Settings, *, scheduled: bool) -> bool:
    """Whether the settings want that of a tune of one's own examples."""
    return {"always": True, "never": False, "night": scheduled}[settings.tune.rl]


def learn(
    invocation: Invocation,
    settings: Settings,
    hosts: Path | None,
    end: night.End,
    **wanted: Any,
) -> bool:
    """Tune as it is `wanted` and print the verdict; whether the adapter was let in."""
    from localai.cli.tuning import Watcher, verdict
    from localai.engine import gentle
    from localai.tune.hosts import read
    from localai.tune.job import Job

    gentle.step_back(settings.tune.nice)
    wanted["hosts"] = read(hosts) if hosts else None
    if deadline := end.deadline():
        wanted |= {"seconds": deadline.left(), "nightly": True}
    with invocation.open_store() as store, _signals(), closing(Watcher(sys.stderr)) as watcher:
        entry = meant.model(invocation, settings)
        tell = night.watched(watcher.tell, deadline, end.power(settings.night))
        job = Job(store, settings, entry, tell, **wanted)
        try:
            run = job.run()
        except tune_process.Stopped as stopped:
            watcher.close()
            what = "goes on with it" if job.resumable else "begins anew"
            note(f"{stopped.why} The next tune {what}.")
            return False
        except KeyboardInterrupt:
            watcher.close()
            if job.resumable:
                note("Stopped; the same command goes on with it (--anew would not).")
            raise
        adapter = store.adapter(run.adapter).name if run.adapter else ""
    click.echo(verdict(run, adapter), nl=False)
    if adapter:
        _mind(entry, settings)
    return run.state == "promoted"


def _mind(entry: ModelEntry, settings: Settings) -> None:
    """Say it if another model than the one that learned is in use."""
    if not meant.in_use(entry, settings):
        model = entry.name if entry.described else entry.path
        note(f"Another model is in use; `localai models use {model}` changes to this one.")


@contextmanager
def _signals() -> Iterator[None]:
    """Let every signal that ends the run do so in order, as Ctrl-C does."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise Interrupted(signum)

    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {
        number: signal.signal(number, interrupt)
        for number in numbers
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
