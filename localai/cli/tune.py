"""`localai tune`: learn from the corrections; look at runs; go back.

Progress goes to stderr, verdicts and tables to stdout. What a run does is `tune.job`'s.
"""

from __future__ import annotations

from datetime import time as Clock
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from localai import tune_process
from localai.cli import adapters, learning, meant, night, scheduling, tune_report
from localai.cli.clock import Budget, TimeOfDay
from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.errors import ExitCode, UsageError
from localai.tune.presets import PRESETS, settings_with


@click.command()
@click.option("--budget", type=Budget(), default=0.0, help="Time to plan with, e.g. 12m or 1h30m.")
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
@click.option("--until", type=TimeOfDay(), help="Time of day when it ends at the latest: 06:30.")
@click.option(
    "--scheduled", is_flag=True, hidden=True, help="Begin only if the machine is free for it."
)
@click.pass_context
def sft(ctx: click.Context, /, **options: Any) -> None:
    """Learn from your corrections by supervised fine-tuning.

    Trains an adapter on the accepted corrections and examples, tests it against what answers
    now, and lets it answer only if it is better. The model itself is never changed.
    """
    _tune(ctx, **options, rl=False, sets=False)


def _tune(
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
    until: Clock | None,
    scheduled: bool,
    rl: bool | None,
    sets: bool,
) -> None:
    """Tune, or show what that would be; on the sets of the settings, too, if `sets`."""
    from localai import config
    from localai.cli.dry_run import Wanted, run

    _refuse_mixed(ctx)
    settings = settings_with(config.load(), preset) if preset else config.load()
    if preset and not resume:
        budget = budget or PRESETS[preset].budget
    invocation = meant.instead(ctx.ensure_object(Invocation), model)
    wants_rl = not name and learning.wants_rl(settings, scheduled=scheduled)
    if sets and not name and settings.tune.sets:
        name = learning.with_sets(invocation, settings, only_there=dry_run)
    if rl is None:
        rl = learning.begun_with_rl(invocation, settings, name) if resume else wants_rl
    end = night.End(until, scheduled)
    if dry_run:
        shown = Wanted(name, end.seconds() or budget, rl, only_estimate=estimate, as_json=as_json)
        return run(invocation, settings, meant.model(invocation, settings), shown)
    wanted: dict[str, Any] = {"name": name, "seconds": budget, "resume": resume, "rl": rl}
    learn = partial(learning.learn, invocation, settings, hosts, end, **wanted)
    if scheduled:
        night.learn(settings.night, learn)
    elif not learn():
        ctx.exit(ExitCode.FAILURE)


def _refuse_mixed(ctx: click.Context) -> None:
    """Raise UsageError for options that say nothing together."""
    given = ctx.params
    if not given["dry_run"] and (given["estimate"] or given["as_json"]):
        option = "--estimate" if given["estimate"] else "--json"
        raise UsageError(f"{option} is for --dry-run; localai tune show --json has the verdict.")
    if given["dry_run"] and given["resume"] is not None:
        raise UsageError("A dry run goes on with nothing; leave --resume or --anew out.")
    if given["dry_run"] and given["scheduled"]:
        raise UsageError("A dry run can be made at any time; leave --scheduled out.")
    if given["dry_run"] and given["hosts"]:
        raise UsageError("A dry run is of this machine alone; leave --hosts out.")
    if given["until"] and given["budget"]:
        raise UsageError("Say how long or until when; leave --budget or --until out.")
    if given["resume"] and given["budget"]:
        raise UsageError("A tune keeps the time that it was begun with; leave --budget out.")


@click.group(invoke_without_command=True, params=[*sft.params])
@click.option(
    "--rl/--no-rl",
    default=None,
    help="Learn from its own right answers to problems, too, or not; if neither is given, as the "
    "settings say (tune.rl).",
)
@click.pass_context
def tune(ctx: click.Context, /, **options: Any) -> None:
    """Learn from your corrections.

    Trains an adapter on the accepted corrections and examples, tests it against what answers
    now, and lets it answer only if it is better. The model itself is never changed.
    """
    if ctx.invoked_subcommand is None:
        _tune(ctx, **options, sets=True)
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
tune.add_command(scheduling.schedule)
tune.add_command(scheduling.unschedule)
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
