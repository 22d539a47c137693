"""The command `localai`: global options, its subcommands, and how every run ends.

Subcommands are imported only when used: `localai --help` loads click and nothing else.
What a command does lives in its own file; this one deliberately knows none of it.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Any, NamedTuple

import click

from localai import __version__
from localai.cli.failure import report
from localai.cli.invocation import Invocation
from localai.errors import UsageError


class Lazy(NamedTuple):
    """Where a command lives (`module:attribute`) and its line in `localai --help`."""

    target: str
    help: str


COMMANDS = {
    "ask": Lazy("localai.cli.ask:ask", "Ask one question and print the answer."),
    "compare": Lazy(
        "localai.cli.compare:compare", "Ask one question twice, and say which answer is better."
    ),
    "history": Lazy(
        "localai.cli.history:history",
        "List, search, fork, import, export and forget conversations.",
    ),
    "correct": Lazy(
        "localai.cli.correct:correct",
        "Correct the last answer, so that the model can learn from it.",
    ),
    "data": Lazy("localai.cli.data:data", "List, show, judge and write examples to learn from."),
    "models": Lazy("localai.cli.models:models", "List, fetch, add and choose models."),
    "tools": Lazy("localai.cli.tools:tools", "List, show, try and add the tools a model may call."),
    "tune": Lazy("localai.cli.tune:tune", "Learn from your corrections."),
    "adapters": Lazy(
        "localai.cli.adapters:adapters",
        "List, show, choose, rename, delete, export and import adapters.",
    ),
    "eval": Lazy(
        "localai.cli.evals:eval_",
        "Measure what a model knows, makes up and can do, with errors.",
    ),
    "styles": Lazy(
        "localai.cli.styles:styles",
        "Find out in which way of answering a model is more often right.",
    ),
    "backup": Lazy(
        "localai.cli.backup:backup", "Put data, adapters and settings into one verified file."
    ),
    "restore": Lazy("localai.cli.backup:restore", "Bring a backup back, or merge it in."),
    "doctor": Lazy("localai.cli.doctor:doctor", "Check that everything is in order."),
}

PRIVACY = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
NOTHING_ELSE = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
"""pydantic would look through every installed package for code to run in our process."""


class LazyGroup(click.Group):
    """A group whose commands are imported on first use and whose errors are sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].target.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever goes wrong ends in a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except (Exception, KeyboardInterrupt) as error:
            invocation = ctx.find_object(Invocation) or Invocation()
            raise click.exceptions.Exit(report(error, debug=invocation.debug)) from None


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "-m", "--model", default="", metavar="MODEL", help="Model name, or path of a GGUF file."
)
@click.option("--debug", is_flag=True, help="Show tracebacks instead of one-line errors.")
@click.version_option(__version__, prog_name="localai", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, model: str, debug: bool) -> None:
    """A local-first assistant in the terminal.

    Without a command, localai opens the app.
    """
    invocation = ctx.ensure_object(Invocation)
    invocation.model, invocation.debug = model, debug
    if ctx.invoked_subcommand is None:
        ctx.exit(_open_app(invocation))


def _open_app(invocation: Invocation) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The app needs a terminal; use localai ask in scripts and pipes.")
    return invocation.run_app(model=invocation.model)


def prepare() -> None:
    """Settle what must hold for the whole process before anything else is imported.

    Nothing reports home, no library loads plugins of its own, new files belong to the owner
    alone, a closed standard stream is like /dev/null, and text that the terminal's encoding
    lacks is replaced, never an error.
    """
    os.environ.update(PRIVACY | NOTHING_ELSE)
    os.umask(0o077)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _open_nothing(number, name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _open_nothing(number: int, name: str) -> None:
    """Occupy a standard stream's number, which the next file that is opened (the
    database, say) would get otherwise."""
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)
    setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8"))


def main() -> None:
    """Entry point of the `localai` command."""
    prepare()
    cli.main(prog_name="localai")
