"""`localai history import` and `export`: conversations from and for elsewhere.

What was read and what was left out goes to stderr, or as one JSON object to stdout with
--json. An export goes to stdout or, complete or not at all, into a file of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import click

from localai.cli import meant
from localai.cli.counted import counted
from localai.cli.failure import note, say
from localai.cli.invocation import Invocation
from localai.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from localai.port.reading import Report
    from localai.store.store import Store
    from localai.store.tree import Tree

FORMATS = ("md", "json", "html", "openai", "pairs")
T = TypeVar("T")


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be added, and add nothing.")
@click.option("--trust", is_flag=True, help="Learn from the corrections of localai's own JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_obj
def import_(invocation: Invocation, path: Path, dry_run: bool, trust: bool, as_json: bool) -> None:
    """Add conversations from a file of another program.

    PATH is an export of ChatGPT or Claude (zip, folder or JSON), a file of ShareGPT, OpenAI
    messages, Alpaca or OpenAssistant trees, or what export --format json wrote.
    """
    from localai.cli import import_report
    from localai.cli.progress import Progress
    from localai.port.preview import Preview
    from localai.port.reading import Import

    progress = Progress(sys.stderr)

    def show(read: int, total: int, messages: int) -> None:
        progress.show(f"{100 * read // max(total, 1)} % read, {messages:,} messages")

    with invocation.read_store() if dry_run else invocation.open_store() as store:
        running = Import(Preview(store) if dry_run else store, show, trust=trust)
        try:
            report = running.run(path)
        except KeyboardInterrupt:
            progress.clear()
            note(
                f"Stopped after {running.report.messages:,} messages, which stay; "
                "the same command goes on."
            )
            raise
        finally:
            progress.clear()
    if as_json:
        from localai.cli import record

        click.echo(record.dumps(import_report.fields(report, dry_run=dry_run, trust=trust)))
    else:
        for line in import_report.lines(report, dry_run=dry_run, trust=trust):
            note(line)
    _end(path, report)


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Export all that are not deleted.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="md",
    show_default=True,
    help="What to write.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a new file instead of stdout.",
)
@click.pass_obj
def export(
    invocation: Invocation, ids: tuple[str, ...], everything: bool, form: str, output: Path | None
) -> None:
    """Write conversations for other programs and people.

    json holds everything and can be imported again; md, html and openai hold what is shown;
    pairs holds your corrections.
    """
    if bool(ids) == everything:
        raise UsageError("Say which conversations: their ids, or --all.")
    from localai.port.writing import WRITERS

    with invocation.read_store() as store:
        chosen = _chosen(store, ids, everything)
        # Our own document holds what forks share once, in the conversations they hang on.
        trees = _Counted(store.trees(chosen) if form == "json" else _whole(store, chosen))
        pieces = _Counted(WRITERS[form](trees))
        if output is None:
            for piece in pieces:
                click.echo(piece, nl=False)
        else:
            _write(output, pieces)
    if not trees.count:
        note("There are no conversations yet.")
    elif not pieces.count:
        note("No correction is in force." if form == "pairs" else "Nothing was said in them yet.")
    elif output is not None:
        note(f"Wrote {counted(len(chosen), 'conversation')} to {output}")


class _Counted(Generic[T]):
    """What is iterated over, counted as it goes by."""

    def __init__(self, things: Iterable[T]) -> None:
        self._things, self.count = things, 0

    def __iter__(self) -> Iterator[T]:
        for thing in self._things:
            self.count += 1
            yield thing


def _chosen(store: Store, ids: tuple[str, ...], everything: bool) -> tuple[str, ...]:
    """The ids of the conversations that are meant, each once."""
    if everything:
        return store.conversation_ids()
    return tuple(dict.fromkeys(meant.conversation(store, id).id for id in ids))


def _whole(store: Store, ids: Iterable[str]) -> Iterator[Tree]:
    """Conversations one by one, as they are shown; those that go meanwhile are left out."""
    for id_ in ids:
        tree = store.tree(id_, shared=True)
        if tree is not None:
            yield tree


def _write(output: Path, pieces: Iterable[str]) -> None:
    """A new file, complete or not there."""
    from localai.port.target import new_file

    with new_file(output) as write:
        for piece in pieces:
            write(piece)


def _end(path: Path, report: Report) -> None:
    """Nothing that could be read is a failure."""
    if report.read:
        return
    if not report.skipped:
        say(f"{path} is empty; give the export as it was downloaded.")
    else:
        say(f"No conversation in {path} could be read.")
    raise click.exceptions.Exit(ExitCode.FAILURE)
