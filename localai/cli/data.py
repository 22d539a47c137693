"""`localai data`: look at what may be learned from, and decide what is.

On a terminal lists are aligned and ids short; elsewhere an example is one line of
tab-separated fields, or JSON with --json. Writing examples is in `data_writing`, making them in
`data_making`.
"""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, get_args

import click

from localai.cli.data_making import make
from localai.cli.data_rewriting import rewrite
from localai.cli.data_writing import edit, new
from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.cli.limit import limit
from localai.counted import counted
from localai.errors import UsageError
from localai.store.tuning import ExampleState, Source

if TYPE_CHECKING:
    from localai.store.store import Store

in_set = click.option("--set", "name", default=None, metavar="NAME", help="Only of this data set.")


@click.group()
def data() -> None:
    """List, show, judge and write examples to learn from.

    ID is an example's id, its beginning or its end.
    """


data.add_command(new)
data.add_command(edit)
data.add_command(rewrite)
data.add_command(make)


@data.command("list")
@limit(50)
@click.option("--state", type=click.Choice(get_args(ExampleState)), help="Only in this state.")
@click.option("--source", type=click.Choice(get_args(Source)), help="Only of this source.")
@in_set
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def list_(
    invocation: Invocation,
    limit: int,
    state: ExampleState | None,
    source: Source | None,
    name: str | None,
    as_json: bool,
) -> None:
    """List corrections and examples, the newest first."""
    from localai.cli import example_lines, record

    with invocation.read_store() as store:
        rows = store.examples(state=state, source=source, name=name, limit=limit)
    if as_json:
        click.echo(record.dumps([example_lines.as_json(row) for row in rows]))
        return
    lines = example_lines.table(rows) if sys.stdout.isatty() else example_lines.fields(rows)
    click.echo("".join(f"{line}\n" for line in lines), nl=False)
    if not rows:
        note("There are no such examples; correct an answer, or write one: localai data new")


@data.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_obj
def show(invocation: Invocation, id: str, as_json: bool) -> None:
    """Show an example and the tokens that would be learned of it, as the model sees them.

    On a terminal they are in colour; the others only lead up to them.
    """
    from localai import config
    from localai.cli import example_lines, record
    from localai.cli.dry_run import fields
    from localai.lessons.maker import maker_for
    from localai.lessons.preview import preview

    with invocation.read_store() as store:
        example = store.example(id)
        rejected = store.message(example.rejected).message.text if example.rejected else ""
        rewrites = store.rewrites(example.leaf)
        settings = config.load()
        with closing(invocation.open_session(store, settings, model=invocation.model)) as session:
            found = preview(store, example, session.engine, maker_for(session))
    if as_json:
        entry = example_lines.as_json(example) | {
            "rejected": rejected or None,
            "dropped": list(rewrites.dropped) if rewrites else [],
        }
        click.echo(record.dumps(entry | fields(found)))
    else:
        colour = sys.stdout.isatty()
        click.echo(example_lines.shown(found, rejected, colour=colour), nl=False)
        lines = example_lines.ways(found, rewrites, settings.tune.rewrites)
        click.echo("".join(f"{line}\n" for line in lines), nl=False)


@data.command()
@click.argument("name")
@click.pass_obj
def add(invocation: Invocation, name: str) -> None:
    """Take in a data set that comes with localai, accepted.

    The one there is, dialogue, makes an assistant of a model that was never taught to talk.
    """
    from localai.lessons import shipped

    with invocation.open_store() as store:
        count = shipped.add(store, name)
    note(f"{counted(count, 'example')} accepted; learn them with: localai tune --data {name}")


@data.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@in_set
@click.pass_obj
def accept(invocation: Invocation, ids: tuple[str, ...], name: str | None) -> None:
    """Let examples be learned from, or all of a named data set."""
    _judge(invocation, ids, name, "accepted")


@data.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@in_set
@click.pass_obj
def reject(invocation: Invocation, ids: tuple[str, ...], name: str | None) -> None:
    """Let nothing be learned from examples, or from all of a named data set.

    They stay, and can be accepted again; conversations stay as they are.
    """
    _judge(invocation, ids, name, "rejected")


@data.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def stats(invocation: Invocation, as_json: bool) -> None:
    """Count examples by data set, source and state."""
    from localai.cli import example_lines, record

    with invocation.read_store() as store:
        tallies = store.example_tallies()
    if as_json:
        import msgspec

        click.echo(record.dumps([msgspec.structs.asdict(tally) for tally in tallies]))
    else:
        click.echo("".join(f"{line}\n" for line in example_lines.counts(tallies)), nl=False)
        if not tallies:
            note("There are no examples yet; correct an answer, or write one: localai data new")


def _judge(
    invocation: Invocation, ids: tuple[str, ...], name: str | None, state: ExampleState
) -> None:
    if bool(ids) == bool(name):
        raise UsageError("Say which examples: their ids, or --set NAME for all of a data set.")
    with invocation.open_store() as store:
        count = store.judge_set(name, state) if name else _judge_each(store, ids, state)
        if name and not count and not store.examples(name=name, limit=1):
            raise UsageError(f"There is no data set {name!r}; `localai data stats` lists them all.")
    note(f"{counted(count, 'example')} {state}.")


def _judge_each(store: Store, ids: tuple[str, ...], state: ExampleState) -> int:
    found = [store.example(id).id for id in ids]
    for id in dict.fromkeys(found):
        store.judge_example(id, state)
    return len(set(found))
