"""`localai tune schedule` and `unschedule`: learn at night by a timer of the system.

The files are shown on stderr before anybody is asked, or on stdout with --show.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import time as Clock
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localai import moments
from localai.cli import meant
from localai.cli.clock import Days, TimeOfDay
from localai.cli.confirm import confirm
from localai.cli.failure import note, say
from localai.cli.invocation import Invocation
from localai.errors import UsageError
from localai.sanitize import clean
from localai.schedule.deadline import EVERY_DAY
from localai.schedule.nights import LEAST_SECONDS, Nights

if TYPE_CHECKING:
    from localai.schedule.command import Command
    from localai.schedule.timers import Timer

NONE = "Nothing is scheduled; localai tune schedule --at 02:00 --until 06:30 does it."


@click.command()
@click.option("--at", type=TimeOfDay(), help="When it begins, e.g. 02:00, by local time.")
@click.option("--until", type=TimeOfDay(), help="When it ends at the latest, e.g. 06:30.")
@click.option("--days", type=Days(), help="The days on which it begins, e.g. mon,tue; else every.")
@click.option("--show", is_flag=True, help="Print the files; write and change nothing.")
@click.option("--yes", is_flag=True, help="Write the files without asking.")
@click.pass_obj
def schedule(
    invocation: Invocation,
    at: Clock | None,
    until: Clock | None,
    days: frozenset[int] | None,
    show: bool,
    yes: bool,
) -> None:
    """Learn at night, when nobody uses the machine.

    Without --at: say what is scheduled and when it begins next. Scheduling again replaces it.
    """
    from localai.schedule import timers

    timer = timers.here()
    if at is None:
        if until or days or yes:
            raise UsageError("Say when it begins, too: --at 02:00.")
        _tell(timer, files=show)
        return
    nights = _nights(at, until, days)
    if show:
        _print(timer.files(nights, _command(invocation, nights)))
        return
    _schedule(timer, nights, invocation, yes=yes)


@click.command()
def unschedule() -> None:
    """Learn at night no more: the timer and its files are removed."""
    from localai.schedule import timers

    gone = timers.remove(timers.here())
    for path in gone:
        say(f"Deleted {path}")
    note("Nothing is scheduled any more." if gone else "Nothing was scheduled.")


def _nights(at: Clock, until: Clock | None, days: frozenset[int] | None) -> Nights:
    if until is None:
        raise UsageError("Say when it ends, too: --until 06:30.")
    nights = Nights(at, until, days or EVERY_DAY)
    if nights.seconds < LEAST_SECONDS:
        raise UsageError("That night is too short to learn anything; make it 10 minutes at least.")
    return nights


def _schedule(timer: Timer, nights: Nights, invocation: Invocation, *, yes: bool) -> None:
    """Show the files, ask, and have them heeded."""
    from localai.schedule import timers

    command = _command(invocation, nights)
    timer.require(nights, command)
    files = timer.files(nights, command)
    for path, text in files.items():
        say(f"{path}:\n{text}")
    if not yes:
        names = " and ".join(path.name for path in files)
        confirm(f"Write {names}?", "Writing these files has to be confirmed; add --yes.")
    timers.install(timer, files)
    note(f"Scheduled: {_when(nights)}. localai tune unschedule ends it.")
    for remark in timer.remarks():
        note(remark)


def _tell(timer: Timer, *, files: bool) -> None:
    """Say what is scheduled, and what became of the last time; the files, too, if wanted."""
    from localai.schedule.outcome import last_night
    from localai.schedule.timers import UNKNOWN

    nights = timer.nights()
    if nights is None:
        note(NONE)
        return
    click.echo(f"Scheduled: {_when(nights)}.")
    if last := last_night():
        what = f"did not begin. {last.why_not}" if last.why_not else "began."
        click.echo(clean(f"Last time, {moments.local(last.at):{moments.WHEN}}: {what}"))
    if not timer.loaded():
        note(UNKNOWN)
    if files:
        _print({place: place.read_text("utf-8") for place in timer.places})


def _print(files: Mapping[Path, str]) -> None:
    for path, text in files.items():
        click.echo(clean(f"{path}:\n{text}"))


def _when(nights: Nights) -> str:
    start = moments.local(nights.next_start(time.time()))
    return f"{nights}, next {start:{moments.WHEN}}"


def _command(invocation: Invocation, nights: Nights) -> Command:
    """What the timer runs. Raises ModelError for a model that there is not."""
    from localai import config
    from localai.catalog.entry import required_path
    from localai.schedule.command import command

    if not invocation.model:
        return command(nights)
    entry = meant.model(invocation, config.load())
    path = required_path(entry).absolute()
    return command(nights, entry.name if entry.described else str(path))
