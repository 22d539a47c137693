"""`localai tune report` and `localai tune status`: what tunes came to, and what runs now.

Reports, tables and JSON go to stdout. What is told of a run is in `localai.morning`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.errors import StoreError, UsageError

if TYPE_CHECKING:
    from localai.store.store import Store
    from localai.store.tuning import Run

NONE_YET = "There are no runs yet; `localai tune` makes one."
MOST_RUNS = 200
LOG_LINES = 5


@click.command()
@click.argument("run", default="", metavar="[RUN]")
@click.option("--history", "over_time", is_flag=True, help="Tell of all runs, with their scores.")
@click.option(
    "--html", type=click.Path(path_type=Path), help="Write a page with plots into a new file."
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_obj
def report(
    invocation: Invocation, run: str, over_time: bool, html: Path | None, as_json: bool
) -> None:
    """Tell what a run came to, the last one if none is named.

    RUN is a run's id, its end, or the name of the adapter that it made.
    """
    if run and over_time:
        raise UsageError("--history is of all runs; leave RUN out.")
    if html and as_json:
        raise UsageError("Give either --html or --json, not both.")
    import msgspec

    from localai.cli import record
    from localai.morning.history import history
    from localai.morning.making import morning

    with invocation.read_store() as store:
        nights = history(store) if over_time or html else ()
        if over_time and not nights:
            raise UsageError(NONE_YET)
        told = None if over_time else morning(store, _found(store, run))
    if as_json:
        click.echo(record.dumps(msgspec.to_builtins(told or nights)))
    elif html:
        from localai.morning.page import page
        from localai.port.target import new_file

        with new_file(html) as write:
            write(page(told, nights))
        click.echo(str(html))
    else:
        from localai.cli.output import view
        from localai.morning import markdown

        shown = view(sys.stdout)
        shown.text(markdown.report(told) if told else markdown.table_of(nights))
        shown.close()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_obj
def status(invocation: Invocation, as_json: bool) -> None:
    """Tell how far the running tune is, or how the last one ended."""
    from localai import tune_process
    from localai.cli import record, tune_lines

    with invocation.read_store() as store:
        run = next(iter(store.runs(limit=1)), None)
        process = store.run_process(run.id) if run else None
        adapter = store.adapter(run.adapter).name if run and run.adapter else ""
    log = tune_process.last_log(run.created if run else 0.0)
    tail = tune_process.tail(log, LOG_LINES) if log else ()
    if as_json:
        click.echo(record.dumps(tune_lines.as_json(run, adapter, process, tail)))
        return
    if run is None:
        note(NONE_YET)
    lines = [*(tune_lines.told(run, adapter) if run else ()), *tune_lines.log(tail)]
    click.echo("".join(f"{line}\n" for line in lines), nl=False)


def _found(store: Store, name: str) -> Run:
    """The run that is meant; the last one that has ended for "". Raises UsageError for none."""
    runs = store.runs(MOST_RUNS)
    if not name:
        ended = next((run for run in runs if run.state != "running"), None)
        if ended is None:
            raise UsageError(NONE_YET)
        return ended
    part = name.strip().upper()
    named = [run for run in runs if run.id.endswith(part)]
    if len(named) == 1:
        return named[0]
    try:
        made = store.adapter(name).run
        return store.run(made)
    except StoreError:
        raise UsageError(
            f"There is no one run {name!r}; `localai tune report --history` names what they made."
        ) from None
