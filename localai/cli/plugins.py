"""`localai tools trust | new | enable | disable`: which tools there are for models to call.

What is in a file is shown before it is trusted, and nothing of it has run by then.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localai.cli.confirm import confirm
from localai.cli.failure import note, say
from localai.errors import ToolError

if TYPE_CHECKING:
    from localai.tools.plugin import Listed
    from localai.tools.trust import Look


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--remove", is_flag=True, help="Trust it no longer.")
@click.option("--yes", is_flag=True, help="Trust without asking.")
def trust(path: Path, remove: bool, yes: bool) -> None:
    """Let the tools of a Python file, or of a folder's files, run.

    Each file is pinned by its hash: when it changes it has to be trusted again.
    """
    from localai.tools import trust as trusting

    if remove:
        for pin in trusting.remove(path):
            note(f"{pin.path} is trusted no longer.")
        return
    found = trusting.look(path)
    for line in _shown(found):
        say(line)
    if not yes:
        confirm(
            "Trust this code and let it run?",
            "Trusting lets this code run; read it, then confirm it with --yes.",
        )
    trusting.pin(found)
    names = [tool.name for candidate in found.candidates for tool in candidate.tools]
    note(f"Trusted: {', '.join(names)}. localai tools show {names[0]} tells what it takes.")


def _shown(found: Look) -> list[str]:
    """The files, each with its hash and its tools, and what is left out."""
    lines = []
    for candidate in found.candidates:
        lines.append(f"{candidate.path}  sha256 {candidate.sha256}")
        lines += [
            f"  {tool.name}  touches {', '.join(sorted(tool.effects)) or 'nothing'}  "
            f"{tool.description}"
            for tool in candidate.tools
        ]
    return [*lines, *(f"Left out: {sentence}" for sentence in found.left_out)]


@click.command()
@click.argument("name")
@click.argument("path", required=False, type=click.Path(path_type=Path))
def new(name: str, path: Path | None) -> None:
    """Write a working tool to start from, and its test.

    They go into the folder PATH, or one in the data folder; what is there is not overwritten.
    """
    from localai.tools import example

    tool, test = example.write(name, path)
    click.echo(f"{tool}\n{test}")
    note(
        f"Change it as you like, then: localai tools trust {shlex.quote(str(tool))}\n"
        f"After that: localai tools run {name} '{example.ARGUMENTS}'"
    )


@click.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let a tool be offered and run again.

    For web_fetch this also allows it to read the public web.
    """
    from localai import config

    settings = config.load().tools
    if name in settings.disabled:
        config.save("tools.disabled", [each for each in settings.disabled if each != name])
    found = _find(name)
    if found.state == "off" and name == "web_fetch":
        config.save("tools.web_fetch", True)
        found = _find(name)
    if found.state != "on":
        raise ToolError(found.why)
    note(f"{name} is on.")


@click.command()
@click.argument("name")
def disable(name: str) -> None:
    """Offer a tool to no model, and do not run it, until it is enabled."""
    from localai import config
    from localai.tools import registry

    settings = config.load().tools
    if name not in settings.disabled:
        if name not in registry.names(settings):
            _find(name)  # one not looked at yet, a server's, or a sentence
        config.save("tools.disabled", [*settings.disabled, name])
    note(registry.disabled(name))


def _find(name: str) -> Listed:
    """The tool under the settings as they are now."""
    from localai import config
    from localai.cli import mcp

    with mcp.servers() as servers:
        return mcp.find(name, servers, config.load().tools)
