"""`localai tools`: which tools there are, what a model sees of them, and calling one by hand.

A result goes to stdout as it is; what went wrong is one sentence on stderr. A call made
here is one that the user has asked for, so nothing asks again; its limits hold all the same.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import click

from localai.cli import mcp
from localai.errors import ToolError

if TYPE_CHECKING:
    from localai.config import ToolSettings
    from localai.tools.plugin import Listed


class Tools(click.Group):
    """Imports what listing and calling do not need only when it is used."""

    LATER: ClassVar[dict[str, str]] = {
        "enable": "localai.cli.plugins",
        "disable": "localai.cli.plugins",
        "trust": "localai.cli.plugins",
        "new": "localai.cli.plugins",
        "decisions": "localai.cli.decisions",
        "parse": "localai.cli.parse",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the help page."""
        return [*self.commands, *self.LATER]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module if it has one of its own."""
        if cmd_name not in self.LATER:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(self.LATER[cmd_name]), cmd_name)
        return command


@click.group(cls=Tools)
def tools() -> None:
    """List, show, try and add the tools a model may call."""


@tools.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--start", is_flag=True, help="Start the MCP servers, to list what they offer now.")
def list_(as_json: bool, start: bool) -> None:
    """List the tools: name, what they touch, how they stand, what they do.

    Nothing of a plugin is run for it, and no MCP server is started unless asked for.
    """
    from localai.tools import registry

    settings = _settings()
    found = registry.tools(settings)
    served, wrong = mcp.listed(found, settings, start=start)
    _print((*found, *served), as_json)
    if wrong:
        raise ToolError("\n".join(wrong))


def _print(found: tuple[Listed, ...], as_json: bool) -> None:
    from localai.sanitize import clean

    if as_json:
        click.echo(json.dumps([_described(each) for each in found], indent=2))
        return
    rows = [[clean(cell) for cell in _row(each)] for each in found]
    if not sys.stdout.isatty():
        click.echo("".join("\t".join(row) + "\n" for row in rows), nl=False)
        return
    lines = [["NAME", "TOUCHES", "STATE", "WHAT IT DOES"], *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for number, (*cells, description) in enumerate(lines):
        padded = (f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True))
        line = "  ".join([*padded, description])
        click.echo(line if number else click.style(line, dim=True))


@tools.command()
@click.argument("name")
def show(name: str) -> None:
    """Show a tool as a model sees it: JSON with its description and its arguments' schema."""
    from localai.sanitize import clean

    with mcp.servers() as servers:
        shown = _described(mcp.find(name, servers, _settings()))
    click.echo(clean(json.dumps(shown, indent=2, ensure_ascii=False)))


@tools.command()
@click.argument("name")
@click.argument("arguments", default="{}", metavar="[JSON]")
def run(name: str, arguments: str) -> None:
    """Call a tool and print its bare result.

    JSON holds the arguments: localai tools run calculator '{"expression": "6 * 7"}'
    """
    from localai.sanitize import clean
    from localai.tools.allowed import Allowed
    from localai.tools.outcome import Ok

    settings = _settings()
    with mcp.servers() as servers:
        found = mcp.find(name, servers, settings)
        if found.tool is None or found.state != "on":
            raise ToolError(found.why)
        given, allowed = _object(name, arguments), Allowed.by(settings)
        outcome = mcp.call(found.tool, given, allowed, servers)
    if not isinstance(outcome, Ok):
        raise ToolError(outcome.text)
    click.echo(clean(outcome.text))


def _object(name: str, text: str) -> dict[str, Any]:
    """The JSON object in `text`. Raises ToolError."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ToolError(
            f"The arguments are no JSON object; localai tools show {name} tells what it takes."
        )
    return found


def _settings() -> ToolSettings:
    """As they are now. What they do not allow any more is forgotten."""
    from localai import config
    from localai.tools import registry

    settings = config.load().tools
    registry.forget_notes(settings)
    return settings


def _described(listed: Listed) -> dict[str, Any]:
    tool = listed.tool
    return {
        "name": listed.name,
        "description": tool.description if tool else None,
        "parameters": tool.parameters if tool else None,
        "effects": sorted(tool.effects) if tool else None,
        "from": listed.origin,
        "state": listed.state,
        "off": listed.why or None,
    }


def _row(listed: Listed) -> tuple[str, str, str, str]:
    """Name, what it touches, state, and what it does or why it cannot."""
    tool = listed.tool
    touches = ", ".join(sorted(tool.effects)) or "nothing" if tool else "unknown"
    told = tool.description if tool and listed.state in ("on", "off", "disabled") else listed.why
    return listed.name, touches, listed.state, " ".join(told.split())
