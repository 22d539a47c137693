"""`localai tune`: learn from the corrections; look at runs; go back.

Progress goes to stderr, verdicts and tables to stdout. What a run does is `tune.job`'s.
"""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from localai import tune_process
from localai.cli import adapters, meant, tune_report
from localai.cli.failure import note
from localai.cli.interrupts import SIGNALS, Interrupted
from localai.cli.invocation import Invocation
from localai.errors import ExitCode, UsageError
from localai.tune.presets import PRESETS, settings_with

if TYPE_CHECKING:
    from localai.catalog import ModelEntry
    from localai.config import Settings

_BUDGET = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
SHORTEST_BUDGET = 120


class Budget(click.ParamType[float]):
    """A time such as 12m, 90s, 1h30m; in seconds."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds. Fails in one sentence."""
        if isinstance(value, float | int):
            return float(value)
        found = _BUDGET.fullmatch(str(value).strip())
        if not found or not any(found.groups()):
            self.fail(f"{value!r} is no time; write 12m, 90s or 1h30m.", param, ctx)
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        total = 3600 * hours + 60 * minutes + seconds
        if total < SHORTEST_BUDGET:
            self.fail("that is too short to learn anything; give at least 2m.", param, ctx)
        return float(total)


@click.command()
@click.option("--budget", type=Budget(), default=0.0, help="Longest time, e.g. 12m or 1h30m.")
@click.option(
    "--preset", type=click.Choice(list(PRESETS)), help="Named settings, over those of the file."
)
@click.option(
    "--data",
    "name",
    default="",
    metavar="SET[,SET]",
    help="Learn named data sets, not your own examples.",
)
@click.option(
    "--for",
    "model",
    default="",
    metavar="MODEL",
    help="Learn it all on this model, by name or path, not on the one in use.",
)
@click.option(
    "--resume/--anew",
    default=None,
    help="Go on with the tune that was interrupted, or begin anew; if neither is given: go on "
    "if nothing has changed.",
)
@click.option(
    "--hosts",
    type=click.Path(path_type=Path),
    help="Train on the machines that this file names, too.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be learned, and learn nothing.")
@click.option("--estimate", is_flag=True, help="With --dry-run: only what it would take.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: print JSON.")
@click.pass_context
def sft(
    ctx: click.Context,
    budget: float,
    preset: str | None,
    name: str,
    model: str,
    resume: bool | None,
    hosts: Path | None,
    dry_run: bool,
    estimate: bool,
    as_json: bool,
) -> None:
    """Learn from your corrections by supervised fine-tuning.

    Trains an adapter on the accepted corrections and examples, tests it against what answers
    now, and lets it answer only if it is better. The model itself is never changed.
    """
    if not dry_run and (estimate or as_json):
        option = "--estimate" if estimate else "--json"
        raise UsageError(f"{option} is for --dry-run; localai tune show --json has the verdict.")
    from localai import config

    if dry_run and resume is not None:
        raise UsageError("A dry run goes on with nothing; leave --resume or --anew out.")
    if dry_run and hosts:
        raise UsageError("A dry run is of this machine alone; leave --hosts out.")
    if resume and budget:
        raise UsageError("A tune keeps the time that it was begun with; leave --budget out.")
    settings = config.load()
    if preset:
        settings = settings_with(settings, preset)
        budget = budget or (0.0 if resume else PRESETS[preset].budget)
    invocation = meant.instead(ctx.ensure_object(Invocation), model)
    if dry_run:
        from localai.cli.dry_run import Wanted, run

        wanted = Wanted(name, budget, only_estimate=estimate, as_json=as_json)
        run(invocation, settings, meant.model(invocation, settings), wanted)
    elif not _learn(invocation, settings, budget, name, resume, hosts):
        ctx.exit(ExitCode.FAILURE)


@click.group(invoke_without_command=True, params=sft.params)
@click.pass_context
def tune(ctx: click.Context, /, **options: Any) -> None:
    """Learn from your corrections.

    Trains an adapter on the accepted corrections and examples, tests it against what answers
    now, and lets it answer only if it is better. The model itself is never changed.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(sft, **options)
    else:
        _refuse_options(ctx)


def _refuse_options(ctx: click.Context) -> None:
    """Raise UsageError for an option of `localai tune` before a command of it."""
    for each in ctx.command.params:
        if each.name and ctx.get_parameter_source(each.name) is ParameterSource.COMMANDLINE:
            name = "/".join((*each.opts, *each.secondary_opts))
            if ctx.invoked_subcommand == sft.name:
                raise UsageError(f"{name} comes after {sft.name}.")
            raise UsageError(f"{name} belongs to `localai tune` itself; leave it out here.")


def _learn(
    invocation: Invocation,
    settings: Settings,
    budget: float,
    name: str,
    resume: bool | None,
    hosts: Path | None,
) -> bool:
    """Tune and print the verdict; whether the adapter was let in."""
    from localai.cli.tuning import Watcher, verdict
    from localai.engine import gentle
    from localai.tune.hosts import read
    from localai.tune.job import Job

    machines = read(hosts) if hosts else None
    gentle.step_back(settings.tune.nice)
    with invocation.open_store() as store, _signals(), closing(Watcher(sys.stderr)) as watcher:
        entry = meant.model(invocation, settings)
        job = Job(
            store,
            settings,
            entry,
            watcher.tell,
            name=name,
            seconds=budget,
            resume=resume,
            hosts=machines,
        )
        try:
            run = job.run()
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


@tune.command()
@click.pass_obj
def stop(invocation: Invocation) -> None:
    """Stop the tune that is going on.

    The same command goes on with it, if training had begun.
    """
    with invocation.read_store() as store:
        found = next(filter(None, (store.run_process(run.id) for run in store.runs())), None)
    tune_process.stop(found)
    note("It stops after this step; the same command goes on with it, if training had begun.")


@tune.command()
@click.pass_obj
def rollback(invocation: Invocation) -> None:
    """Let answer again what answered before."""
    with invocation.open_store() as store:
        now = store.roll_back(meant.base(invocation, store))
    adapters.answers(now)


tune.add_command(sft)
tune.add_command(tune_report.report)
tune.add_command(tune_report.status)

# They began here, and people look for them here, too.
tune.add_command(adapters.list_)
tune.add_command(adapters.use)


@tune.command()
@click.argument("run", default="", metavar="[RUN]")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_obj
def show(invocation: Invocation, run: str, as_json: bool) -> None:
    """Show a run's verdict, or the last run's."""
    import msgspec

    from localai.cli.tuning import verdict

    with invocation.read_store() as store:
        if run:
            found = store.run(run)
        elif runs := store.runs(limit=1):
            found = runs[0]
        else:
            raise UsageError("There are no runs yet; `localai tune` makes one.")
        adapter = store.adapter(found.adapter).name if found.adapter else ""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        click.echo(verdict(found, adapter), nl=False)


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
