"""`localai history import` and `export`: conversations from and for elsewhere.

What was read and what was left out goes to stderr, or as one JSON object to stdout with
--json. An export goes to stdout or, complete or not at all, into a file of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localai.cli import meant
from localai.cli.failure import note, say
from localai.cli.invocation import Invocation
from localai.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from localai.store.store import Store

FORMATS = ("md", "json", "html", "openai", "pairs")


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be added, and add nothing.")
@click.option(
    "--as-training", "name", default="", metavar="SET", help="Put them into this data set, too."
)
@click.option("--trust", is_flag=True, help="Learn from the corrections of localai's own JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_obj
def import_(
    invocation: Invocation, path: Path, dry_run: bool, name: str, trust: bool, as_json: bool
) -> None:
    """Add conversations from a file of another program.

    PATH is an export of ChatGPT or Claude (zip, folder or JSON), a file of ShareGPT, OpenAI
    messages, Alpaca or OpenAssistant trees, or what export --format json wrote. It is
    history; nothing is learned from it unless it is put into a data set and accepted there.
    """
    from localai.cli.progress import Progress
    from localai.port import report as reporting
    from localai.port.preview import Preview
    from localai.port.reading import Import

    progress = Progress(sys.stderr)

    def show(read: int, total: int, messages: int) -> None:
        progress.show(f"{100 * read // max(total, 1)} % read, {messages:,} messages")

    told = {"dry_run": dry_run, "trust": trust}
    with invocation.read_store() if dry_run else invocation.open_store() as store:
        running = Import(Preview(store) if dry_run else store, show, trust=trust, name=name)
        try:
            report = running.run(path)
        except KeyboardInterrupt:
            progress.clear()
            note(f"{reporting.stopped(running.report)}; the same command goes on.")
            raise
        finally:
            progress.clear()
    if as_json:
        from localai.cli import import_report, record

        click.echo(record.dumps(import_report.fields(report, **told)))
    else:
        for line in reporting.lines(report, **told, trusting="--trust", name=name):
            note(line)
    if nothing := reporting.nothing(report, str(path)):
        say(nothing)
        raise click.exceptions.Exit(ExitCode.FAILURE)


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
    from localai.port.exporting import Export

    with invocation.read_store() as store:
        export = Export(store, _chosen(store, ids, everything, form), form)
        if output is None:
            for piece in export:
                click.echo(piece, nl=False)
        else:
            export.write(output)
    if outcome := export.outcome(output):
        note(outcome)


def _chosen(store: Store, ids: tuple[str, ...], everything: bool, form: str) -> tuple[str, ...]:
    """The ids of the conversations that are meant, each once."""
    if everything:
        return store.conversation_ids(examples=form == "json")
    return tuple(dict.fromkeys(meant.conversation(store, id).id for id in ids))
