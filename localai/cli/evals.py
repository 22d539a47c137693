"""`localai eval`: ask what can be scored, and look at what came of it.

Tables, JSON and paths go to stdout, progress to stderr. What is asked and what the numbers mean
is in `localai.evals`; how runs are made is in `evaluating`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from localai.cli.failure import note
from localai.cli.invocation import Invocation

POOLS = ("dev", "train", "gate")
DEFAULT_N = 200
ASK = "run"
"""The command that asks, which is meant where none is named."""


class Evaluation(click.Group):
    """What does not begin with a command's name is for the one that asks, whose options the
    group has for its help."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name in that is left out."""
        if not args or args[0] not in (*self.commands, *self.get_help_option_names(ctx)):
            args = [ASK, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Also the one that is in no list."""
        return ask if cmd_name == ASK else super().get_command(ctx, cmd_name)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The tasks there are."""
        from localai.evals.tasks import TASKS

        with formatter.section("Tasks"):
            formatter.write_text(", ".join(TASKS) or "none")


@click.command(ASK)
@click.argument("tasks", nargs=-1, metavar="[TASK|FILE]...")
@click.option("--model", default="", metavar="MODEL", help="Ask this model, by name or path.")
@click.option("--adapter", metavar="NAME|base", help="Ask by this adapter, or the bare model.")
@click.option(
    "--against", metavar="NAME|base", help="Ask this one, too, and say what sets them apart."
)
@click.option(
    "--n",
    type=click.IntRange(0),
    default=DEFAULT_N,
    show_default=True,
    help="Ask at most so many questions of each task, 0 for all.",
)
@click.option(
    "--pool",
    type=click.Choice(POOLS),
    default=POOLS[0],
    show_default=True,
    help="Which questions: to choose by, to learn from, or to judge by.",
)
@click.option(
    "--style",
    type=click.Choice(("direct", "steps", "both")),
    help="How to answer; both says what sets them apart.",
)
@click.option(
    "--samples", type=click.IntRange(1, 64), help="Sample so many answers to each question."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, help="Of the samples.")
@click.option("--anew", is_flag=True, help="Begin anew, even if the same was stopped before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every answer.")
@click.pass_obj
def ask(invocation: Invocation, /, tasks: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Ask questions whose answers can be scored.

    TASK is one of those below, all if none is named; FILE has questions of your own. What was
    stopped goes on with the same command.
    """
    from localai.cli import eval_lines, record
    from localai.cli.evaluating import Wanted, made

    with invocation.open_store() as store:
        found = made(invocation, store, Wanted(tasks, **options))
        if as_json:
            click.echo(record.dumps([eval_lines.as_json(store, each) for each in found]))
        else:
            eval_lines.show([eval_lines.told(store, each) for each in found])


@click.group(
    "eval",
    cls=Evaluation,
    params=[each for each in ask.params if isinstance(each, click.Option)],
    subcommand_metavar="[TASK|FILE]... | COMMAND [ARGS]...",
)
def eval_(**options: Any) -> None:
    """Measure what a model knows, makes up and can do, with errors.

    `localai eval [TASK|FILE]...` asks questions whose answers can be scored, of all tasks if none
    is named. What was stopped goes on with the same command.
    """


@eval_.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, help="Most runs to list.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def list_(invocation: Invocation, limit: int, as_json: bool) -> None:
    """List the runs, the newest first."""
    from localai.cli import eval_lines, record

    with invocation.read_store() as store:
        runs = store.evals(limit)
    if as_json:
        click.echo(record.dumps([eval_lines.run_as_json(run) for run in runs]))
    elif runs:
        eval_lines.show([eval_lines.listed(runs)])
    else:
        note("There are no evaluations yet; `localai eval` makes one.")


@eval_.command()
@click.argument("run")
@click.argument("other", default="")
@click.option(
    "--worst", type=click.IntRange(0), default=3, show_default=True, help="Show so many answers."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every answer.")
@click.pass_obj
def show(invocation: Invocation, run: str, other: str, worst: int, as_json: bool) -> None:
    """Show a run's numbers and its worst answers.

    With OTHER, or if it was made to be compared with one, also what sets the two apart.
    """
    from localai.cli import eval_lines, record

    with invocation.read_store() as store:
        found = eval_lines.pair(store, run, other)
        if as_json:
            click.echo(record.dumps(eval_lines.as_json(store, found)))
        else:
            eval_lines.show([eval_lines.told(store, found, worst=worst)])


@eval_.command()
@click.argument("run")
@click.argument("other", default="")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The file; eval-RUN.html if not given."
)
@click.pass_obj
def report(invocation: Invocation, run: str, other: str, output: Path | None) -> None:
    """Write a run as one HTML file, with plots and the worst answers.

    With OTHER, or if it was made to be compared with one, also what sets the two apart.
    """
    from localai.cli import eval_lines
    from localai.evals.report import page
    from localai.port.target import new_file

    with invocation.read_store() as store:
        found = eval_lines.pair(store, run, other)
        text = page(*eval_lines.looked(store, found))
    path = output or Path(f"eval-{found.run.short_id}.html")
    with new_file(path) as write:
        write(text)
    click.echo(str(path))
