"""`localai history`: what was said before.

On a terminal lists are aligned and ids short; elsewhere a conversation is one line of
tab-separated fields, or JSON with --json. Reading never writes. It starts fast: nothing
that a listing does not need is imported here.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from localai.cli import meant, port
from localai.cli.confirm import confirm
from localai.cli.failure import note
from localai.cli.forget import forget
from localai.cli.invocation import Invocation
from localai.cli.limit import limit
from localai.errors import UsageError

if TYPE_CHECKING:
    from localai.store.rows import Conversation


@click.group()
def history() -> None:
    """List, search, fork, import, export and forget conversations.

    ID is a conversation's id, its beginning or its end; "latest" is the last one used.
    """


history.add_command(port.import_)
history.add_command(port.export)
history.add_command(forget)


@history.command("list")
@limit(50)
@click.option("--deleted", is_flag=True, help="Show deleted conversations instead.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def list_(invocation: Invocation, limit: int, deleted: bool, as_json: bool) -> None:
    """List conversations, the last used first."""
    from localai.cli import listing

    with invocation.read_store() as store:
        rows = store.conversations(limit=limit, deleted=deleted)
    if as_json:
        from localai.cli import record

        click.echo(record.dumps([record.conversation(row) for row in rows]))
    elif sys.stdout.isatty():
        click.echo("".join(f"{line}\n" for line in listing.table(rows)), nl=False)
    else:
        click.echo("".join(f"{line}\n" for line in listing.fields(rows)), nl=False)
    if not rows and not as_json:
        note("Nothing was deleted." if deleted else "No conversations yet; start one: localai ask")


@history.command()
@click.argument("id")
@click.argument("message")
@click.pass_obj
def switch(invocation: Invocation, id: str, message: str) -> None:
    """Go on from another branch of a conversation: the one that MESSAGE is on.

    `localai history show ID --json` gives the ids of alternatives.
    """
    with invocation.open_store() as store:
        row = meant.conversation(store, id)
        leaf = store.leaf_through(store.message_id(row.id, message), row.id)
        store.set_leaf(row.id, leaf)
    note(f"“{_name(row)}” goes on from there: localai history show {row.short_id}")


@history.command()
@click.argument("id")
@click.option("--at", default="", metavar="MESSAGE", help="Begin with this message.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_obj
def show(invocation: Invocation, id: str, at: str, as_json: bool) -> None:
    """Print a conversation.

    With --at it begins with that message, on whichever branch it is; MESSAGE is the
    message's id, its beginning or its end.
    """
    with invocation.read_store() as store:
        row = meant.conversation(store, id)
        first = store.message_id(row.id, at) if at else ""
        leaf = store.leaf_through(first, row.id) if first else row.leaf
        messages = store.path(leaf, row.id)
    earlier = [message.id for message in messages].index(first) if first else 0
    messages = messages[earlier:]
    if as_json:
        from localai.cli import record

        found = record.conversation(row)
        found["messages"] = [record.message(message) for message in messages]
        click.echo(record.dumps(found))
        return
    from localai.cli import transcript

    transcript.write(row, messages, sys.stdout)
    if earlier:
        count = f"{earlier:,} earlier message{'s are' if earlier > 1 else ' is'}"
        note(f"{count} not shown; all of it: localai history show {row.short_id}")


@history.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("query", nargs=-1, required=True, type=click.UNPROCESSED)
@limit(20)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def search(invocation: Invocation, query: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find messages by what was said.

    QUERY may hold words (the last may be unfinished), an '"exact phrase"', -unwanted words
    and the filters role:, model:, tool:, has:, before: and after:.
    """
    from localai.cli import found

    with invocation.read_store() as store:
        hits = store.search(" ".join(query), limit)
    if as_json:
        from localai.cli import record

        click.echo(record.dumps(found.as_json(hits)))
        return
    lines = found.table(hits) if sys.stdout.isatty() else found.fields(hits)
    click.echo("".join(f"{line}\n" for line in lines), nl=False)
    if not hits:
        note("Nothing was found; take a word away, or list everything: localai history list")
    elif sys.stdout.isatty():
        note("Show one in its place: localai history show CONVERSATION --at MESSAGE")


@history.command()
@click.argument("id")
@click.option("--at", default="", metavar="MESSAGE", help="Go on from this message.")
@click.pass_obj
def fork(invocation: Invocation, id: str, at: str) -> None:
    """Fork a conversation: a new one goes on from its end, or from a message.

    Prints the new conversation's id. What was said up to there is in both; what is said
    afterwards is only where it was said.
    """
    with invocation.open_store() as store:
        row = meant.conversation(store, id)
        message = store.message_id(row.id, at) if at else row.leaf
        if not message:
            raise UsageError("Nothing was said in this conversation yet; fork another one.")
        made = store.fork(row.id, message)
    click.echo(made.id)
    note(f"Forked “{_name(row)}”; go on with: localai ask --conversation {made.short_id} …")


@history.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--purge", is_flag=True, help="Remove for good instead of hiding.")
@click.option("--yes", is_flag=True, help="Purge without asking.")
@click.pass_obj
def rm(invocation: Invocation, ids: tuple[str, ...], purge: bool, yes: bool) -> None:
    """Delete conversations; undo brings them back.

    With --purge they are removed for good.
    """
    with invocation.open_store() as store:
        rows = [meant.conversation(store, id) for id in ids]
        if purge and not yes:
            _confirm(rows)
        for row in rows:
            (store.purge if purge else store.delete)(row.id)
    if purge:
        from localai import paths
        from localai.kv_folder import KvFolder

        KvFolder(paths.kv()).erase()
    for row in rows:
        undo = "" if purge else f"; bring it back with: localai history undo {row.short_id}"
        note(f"{'Removed' if purge else 'Deleted'} “{_name(row)}”{undo}")


@history.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.pass_obj
def undo(invocation: Invocation, ids: tuple[str, ...]) -> None:
    """Bring deleted conversations back."""
    with invocation.open_store() as store:
        for row in [meant.conversation(store, id) for id in ids]:
            store.undelete(row.id)
            note(f"“{_name(row)}” is back.")


def _confirm(rows: list[Conversation]) -> None:
    what = f"“{_name(rows[0])}”" if len(rows) == 1 else f"{len(rows)} conversations"
    confirm(
        f"Remove {what} for good?",
        f"Removing {what} for good cannot be undone; confirm it with --yes.",
    )


def _name(row: Conversation) -> str:
    """The title on one line."""
    return " ".join(row.title.split()) or "untitled"
