"""`localai models`: which models there are, getting more, choosing one.

Names and tables go to stdout, everything said about them to stderr. Finding, fetching and
judging models is the catalogue's work.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localai.cli.confirm import confirm
from localai.cli.failure import note, say

if TYPE_CHECKING:
    from localai.catalog import ModelEntry


@click.group()
def models() -> None:
    """List, fetch, add and choose models.

    A model is given by its name in the list, or by the path of a GGUF file.
    """


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(as_json: bool) -> None:
    """List all models, also those that other programs hold."""
    from localai import config
    from localai.catalog import Catalog
    from localai.cli import model_table

    catalog = Catalog()
    rows = model_table.rows((*catalog.list(), *catalog.scan()), config.load())
    if as_json:
        click.echo(model_table.as_json(rows))
    elif sys.stdout.isatty():
        click.echo("".join(f"{line}\n" for line in model_table.table(rows)), nl=False)
    else:
        click.echo("".join(f"{line}\n" for line in model_table.fields(rows)), nl=False)
    for problem in catalog.problems():
        say(problem)


@models.command()
@click.argument("target", metavar="OWNER/REPO[:QUANT]")
@click.option("--name", default="", help="What to call it; the file's name if not given.")
def pull(target: str, name: str) -> None:
    """Fetch a model from the hub.

    QUANT is a quantisation such as Q4_K_M (the default) or the name of a file. What has
    arrived when a pull is stopped is kept: the same command goes on from there. HF_ENDPOINT
    names another hub, HF_TOKEN opens private and gated models.
    """
    from localai.catalog import Catalog, check
    from localai.cli.pulling import follow

    entry = follow(Catalog(), target, name)
    click.echo(entry.name)
    assert entry.path is not None
    check(entry.path)
    note(f"To use it from now on: localai models use {entry.name}")


@models.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", default="", help="What to call it; the file's name if not given.")
def add(path: Path, name: str) -> None:
    """Give a GGUF file a name. It stays where it is."""
    from localai.catalog import Catalog, check

    check(path.expanduser())
    entry = Catalog().add(path, name)
    click.echo(entry.name)
    note(f"To use it from now on: localai models use {entry.name}")


@models.command()
@click.argument("model")
def use(model: str) -> None:
    """Choose the model for everything from now on."""
    from localai import config
    from localai.catalog import Catalog, check

    entry = Catalog().resolve(model)
    assert entry.path is not None
    engine = config.load().engine
    check(entry.path, engine.context, engine.kv_type)
    by_path = entry.home == "file" and not entry.described
    config.save("model", str(entry.path.absolute()) if by_path else entry.name)
    click.echo(entry.name)
    if entry.description.notes:
        note(" ".join(entry.description.notes.split()))


@models.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Delete without asking.")
def rm(name: str, yes: bool) -> None:
    """Forget a model that was added or pulled.

    The file of a pulled model is deleted; files that were added, or that belong to other
    programs, are never touched.
    """
    from localai import config
    from localai.catalog import Catalog

    catalog = Catalog()
    entry = catalog.find(name)
    files = catalog.removal(name)[1:]
    if files and not yes:
        _confirm(entry, files)
    catalog.remove(name)
    if config.load().model == entry.name:
        config.save("model", "")
        note("The starter model is used from now on.")
    note(f"{entry.name} is forgotten." if not files else f"{entry.name} and its file are gone.")


def _confirm(entry: ModelEntry, files: tuple[Path, ...]) -> None:
    """Say what will be deleted and ask."""
    for file in files:
        say(f"{file} ({file.stat().st_size / 1e9:.2f} GB) will be deleted.")
    confirm("Delete?", f"Deleting {entry.name} cannot be undone; confirm it with --yes.")
