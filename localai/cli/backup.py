"""`localai backup` and `localai restore`: everything in one file, and back.

What a backup holds and how it is checked is the store's; here it is named, listed, asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from localai.cli.confirm import confirm
from localai.cli.failure import note, say
from localai.cli.invocation import Invocation
from localai.errors import UsageError
from localai.moments import WHEN, local

if TYPE_CHECKING:
    from localai.store.upkeep.restoring import Candidate


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--list", "as_list", is_flag=True, help="List the backups in the data folder.")
@click.pass_obj
def backup(invocation: Invocation, path: Path | None, as_list: bool) -> None:
    """Put data, adapters and settings into one verified file.

    PATH is a file or a folder; left out, the backup goes into the data folder. The file's
    path is printed. Models are not part of it.
    """
    if as_list:
        if path is not None:
            raise UsageError("--list takes no PATH; leave one of them out.")
        _list()
        return
    from localai import paths
    from localai.store.upkeep import archive

    path = archive.target(path, paths.home())
    with invocation.open_store() as store:
        made = store.write_backup(path.absolute())
    click.echo(str(path))
    note(archive.summary(made))


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--merge", is_flag=True, help="Only add the conversations that are not there.")
@click.option("--yes", is_flag=True, help="Replace the present data without asking.")
@click.pass_obj
def restore(invocation: Invocation, path: Path, merge: bool, yes: bool) -> None:
    """Bring a backup back, or merge it in.

    PATH is a .tar of `localai backup`, or a .db of the data folder. It is checked first, and
    what it replaces is backed up.
    """
    from localai import paths
    from localai.store.upkeep import restoring

    database = paths.database().absolute()
    with restoring.candidate(path.absolute(), database.parent) as found:
        if merge:
            with invocation.open_store() as store:
                added = store.merge(found)
            note(
                f"Added {added.conversations:,} conversations with {added.messages:,} messages; "
                f"{added.there:,} were there already."
            )
            return
        _tell(found)
        if not yes:
            confirm(
                "Put it in the place of the present data?",
                "Restoring replaces the present data; confirm it with --yes.",
            )
        done = restoring.restore(found, database)
    note("Restored. Tools that you allowed will ask again.")
    if done.settings is not None:
        note(f"Your settings before are in {done.settings}")
    if done.kept is not None:
        note(f"What was there before is in {done.kept}")


def _list() -> None:
    """The newest first: path, time, size."""
    from localai import paths
    from localai.sanitize import clean
    from localai.store.upkeep import copies

    found = copies.listed(paths.home())[::-1]
    for each in found:
        state = each.stat()
        when = local(state.st_mtime).strftime(WHEN)
        click.echo(f"{clean(str(each))}\t{when}\t{state.st_size / 1e6:.1f} MB")
    if not found:
        note("There are no backups yet; make one: localai backup")


def _tell(found: Candidate) -> None:
    when = local(found.latest).strftime(WHEN) if found.latest else "never"
    say(
        f"The backup is whole: {found.conversations:,} conversations, {found.messages:,} "
        f"messages, {len(found.adapters):,} adapters"
        f"{', settings' if found.settings else ''}; last used {when}."
    )
    if found.servers:
        say("Its settings name MCP servers, programs that localai will start:")
    for server in found.servers:
        say(f"  {server}")
