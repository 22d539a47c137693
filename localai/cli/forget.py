"""`localai history forget`: erase for good, after saying what else holds it.

What goes is listed on stderr before anybody is asked. How that reads is in `forgetting`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from localai.cli import meant
from localai.cli.confirm import confirm
from localai.cli.failure import note, say
from localai.cli.invocation import Invocation
from localai.errors import StoreError, UsageError
from localai.store.ids import is_id

if TYPE_CHECKING:
    from localai.store.store import Store


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--match", "query", default="", metavar="QUERY", help="Everything with these words.")
@click.option("--dry-run", is_flag=True, help="Only list what would go.")
@click.option("--yes", is_flag=True, help="Forget without asking.")
@click.option("--finish", is_flag=True, help="Finish what was interrupted.")
@click.pass_obj
def forget(
    invocation: Invocation,
    ids: tuple[str, ...],
    query: str,
    dry_run: bool,
    yes: bool,
    finish: bool,
) -> None:
    """Erase conversations or single messages for good, with every trace of them.

    A message goes with all that was said after it. Adapters that learned from what goes are
    retired. Nothing brings any of it back.
    """
    if finish and (ids or query or dry_run):
        raise UsageError("--finish takes no ID, no --match and no --dry-run; leave them out.")
    if not finish and not (ids or query.strip()):
        raise UsageError("Name what to forget: an ID, or --match QUERY (or only --finish).")
    from localai import forgetting

    with invocation.open_store() as store:
        if finish:
            _finish(store)
            return
        scope = forgetting.find(store, *_meant(store, ids), query)
        if scope is None:
            note(forgetting.nothing(query))
            return
        for line in forgetting.lines(store, scope):
            say(line)
        if dry_run:
            return
        if not yes:
            confirm("Forget it?", "Forgetting cannot be undone; confirm it with --yes.")
        note(forgetting.made(store.forget(scope)))
        if scope.adapters:
            note(forgetting.advice(store, "localai tune"))


def _meant(store: Store, ids: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The ids of conversations, and those of messages."""
    conversations: list[str] = []
    messages: list[str] = []
    for id in ids:
        try:
            conversations.append(meant.conversation(store, id).id)
        except StoreError:
            if not is_id(message := id.strip().upper()):
                raise
            messages.append(message)
    return conversations, messages


def _finish(store: Store) -> None:
    from localai import forgetting

    done = store.finish_forgetting()
    note("Nothing was left to forget." if done is None else forgetting.made(done))
