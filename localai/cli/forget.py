"""`localai history forget`: erase for good, after saying what else holds it.

What goes is listed on stderr before anybody is asked. What is erased, and how, is the
store's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from localai.cli import meant
from localai.cli.confirm import confirm
from localai.cli.counted import counted
from localai.cli.failure import note, say
from localai.cli.invocation import Invocation
from localai.errors import StoreError, UsageError
from localai.store.ids import is_id

if TYPE_CHECKING:
    from localai.store.store import Store
    from localai.store.upkeep.erasing import Erased
    from localai.store.upkeep.scope import Scope

MOST_TITLES = 10


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
    with invocation.open_store() as store:
        if finish:
            _finish(store)
            return
        scope = _scope(store, ids, query)
        if not scope.messages and not scope.conversations:
            note(f"Nothing in the history has the words {query!r}.")
            return
        _tell(store, scope)
        if dry_run:
            return
        if not yes:
            confirm("Forget it?", "Forgetting cannot be undone; confirm it with --yes.")
        note(f"Forgotten. {_made(store.forget(scope))}")
        if scope.adapters:
            note(_advice(store))


def _scope(store: Store, ids: tuple[str, ...], query: str) -> Scope:
    conversations: list[str] = []
    messages: list[str] = []
    for id in ids:
        try:
            conversations.append(meant.conversation(store, id).id)
        except StoreError:
            if not is_id(message := id.strip().upper()):
                raise
            messages.append(message)
    if query.strip():
        titled, mentioning = store.mentioning(query)
        conversations += titled
        messages += mentioning
    return store.scope(tuple(dict.fromkeys(conversations)), tuple(dict.fromkeys(messages)))


def _tell(store: Store, scope: Scope) -> None:
    """List what goes and what else holds it."""
    say("This will be forgotten for good:")
    lines = [counted(len(scope.messages), "message")]
    if scope.conversations:
        lines.append(f"with them {counted(len(scope.conversations), 'whole conversation')}:")
        lines += _titles(store, scope.conversations)
    if scope.forks:
        lines.append(f"some of them from {counted(len(scope.forks), 'fork')}:")
        lines += _titles(store, scope.forks)
    if scope.quoting:
        lines.append(
            f"among them {counted(len(scope.quoting), 'message')} of other conversations in which "
            "a tool quoted it or it was an example, and what follows"
        )
    if scope.corrections:
        lines.append(counted(len(scope.corrections), "correction"))
    if scope.runs:
        lines.append(f"{counted(len(scope.runs), 'tune run')} with verdicts and answers")
    if scope.adapters:
        names = ", ".join(adapter.name for adapter in scope.adapters)
        lines.append(f"{counted(len(scope.adapters), 'adapter')} that learned from it: {names}")
    if copies := store.copies_holding(scope):
        lines.append(
            f"{counted(len(copies), 'copy', 'copies')} of the history, replaced by a clean one:"
        )
        lines += [f"  {path.name}" for path in copies]
    for line in [*lines, "and everything in the logs."]:
        say(f"  {line}")
    if scope.shared:
        number = counted(len(scope.shared), "message")
        say(f"Not forgotten: {number} that a fork shares with another conversation.")
    say("Copies that you keep elsewhere (backups, exports) are not reached.")


def _titles(store: Store, ids: Sequence[str]) -> list[str]:
    """The titles of conversations, a line each; of many, the first."""
    titles = [store.conversation(id).title for id in ids[:MOST_TITLES]]
    more = [f"  and {len(ids) - len(titles)} more"] if len(ids) > len(titles) else []
    return [*(f"  “{' '.join(title.split()) or 'untitled'}”" for title in titles), *more]


def _advice(store: Store) -> str:
    """What to do once adapters are retired."""
    if store.corrections():
        return "What the retired adapters knew is gone; learn the rest again: localai tune"
    return "The retired adapters had learned from nothing else that is left."


def _finish(store: Store) -> None:
    done = store.finish_forgetting()
    note("Nothing was left to forget." if done is None else f"Forgotten. {_made(done)}")


def _made(done: Erased) -> str:
    removed = f" {counted(len(done.removed), 'file')} removed." if done.removed else ""
    return f"A clean backup was made: {done.backup}.{removed}"
