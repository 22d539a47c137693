"""`localai adapters`: which adapters there are, which one answers, and taking them elsewhere.

Names, tables and paths go to stdout, everything said about them to stderr. `use` and `list`
are also called by `localai tune`. What the files hold is known in `localai.tune`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from localai.cli import adapter_port, meant
from localai.cli.confirm import confirm
from localai.cli.failure import note, say
from localai.cli.invocation import Invocation

if TYPE_CHECKING:
    from localai.store.store import Store
    from localai.store.tuning import Adapter


@click.group()
def adapters() -> None:
    """List, show, choose, rename, delete, export and import adapters.

    NAME is an adapter's name or id; `localai adapters list` names those of the model in use.
    """


adapters.add_command(adapter_port.export)
adapters.add_command(adapter_port.import_)


@adapters.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def list_(invocation: Invocation, as_json: bool) -> None:
    """List the adapters of the model; * marks the one that answers."""
    from localai.cli import adapter_lines, record

    with invocation.open_store() as store:
        base = meant.base(invocation, store)
        active, found = store.active_adapter(base), store.adapters(base)
    if as_json:
        click.echo(record.dumps([adapter_lines.as_json(each, active) for each in found]))
    else:
        lines = adapter_lines.table(found, active)
        click.echo("".join(f"{line}\n" for line in lines), nl=False)
        if not found:
            say("There are no adapters yet; correct some answers, then `localai tune`.")


@adapters.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print everything as a JSON object.")
@click.pass_obj
def show(invocation: Invocation, name: str, as_json: bool) -> None:
    """Show where an adapter comes from, what it learned and how it was judged."""
    from localai.cli import adapter_lines, record
    from localai.tune import adapter_facts

    with invocation.read_store() as store:
        found = adapter_facts.facts(store, store.adapter(name))
        active = store.active_adapter(found.adapter.base)
    if as_json:
        click.echo(record.dumps(adapter_lines.whole(found, active)))
    else:
        click.echo("".join(f"{line}\n" for line in adapter_lines.shown(found, active)), nl=False)


@adapters.command()
@click.argument("name", metavar="NAME|base")
@click.pass_obj
def use(invocation: Invocation, name: str) -> None:
    """Let the adapter NAME answer, or the bare model."""
    from localai.store.adapters import BARE

    with invocation.open_store() as store:
        chosen = None if name.lower() == BARE else meant.adapter(invocation, store, name)
        base = chosen.base if chosen else meant.base(invocation, store)
        store.activate(base, chosen.id if chosen else "", "chosen")
    answers(chosen)


@adapters.command()
@click.pass_obj
def off(invocation: Invocation) -> None:
    """Let the bare model answer; `localai tune rollback` brings the adapter back."""
    with invocation.open_store() as store:
        store.activate(meant.base(invocation, store), "", "chosen")
    answers(None)


@adapters.command()
@click.argument("name")
@click.argument("new", metavar="NEW")
@click.pass_obj
def rename(invocation: Invocation, name: str, new: str) -> None:
    """Call an adapter something else.

    The name that it was made with, tuned-3 say, goes on finding it.
    """
    with invocation.open_store() as store:
        click.echo(store.rename_adapter(store.adapter(name).id, new).name)


@adapters.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@click.pass_obj
def rm(invocation: Invocation, name: str, yes: bool) -> None:
    """Delete an adapter and its files.

    Where it answers, what answered before it does so again. What it learned stays in the
    history, and the verdict of the run that made it.
    """
    from localai.tune import workplace

    with invocation.open_store() as store:
        found = store.adapter(name)
        active = store.active_adapter(found.base)
        if active is not None and active.id == found.id:
            say(f"{found.name} answers now; without it, {_next(store, found)} will.")
        if not yes:
            confirm(
                f"Delete {found.name} and its files?",
                f"Deleting {found.name} cannot be undone; confirm it with --yes.",
            )
        with workplace.alone():
            store.remove_adapter(found)
            workplace.remove(found)
    note(f"{found.name} and its files are gone.")


def answers(adapter: Adapter | None) -> None:
    """Say what answers now."""
    note(f"From the next answer on: {adapter.name if adapter else 'the bare model'}.")


def _next(store: Store, adapter: Adapter) -> str:
    """The name of what would answer without it."""
    id_ = store.answers_without(adapter)
    return store.adapter(id_).name if id_ else "the bare model"
