"""`localai tools`: which tools there are, what a model sees of them, and calling one by hand.

A result goes to stdout as it is; what went wrong is one sentence on stderr. A call made
here is one that the user has asked for, so nothing asks again; its limits hold all the same.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from localai.cli import mcp
from localai.cli.parse import parse
from localai.errors import ToolError

if TYPE_CHECKING:
    from localai.tools.allowed import Allowed
    from localai.tools.tool import Tool


@click.group()
def tools() -> None:
    """List, show and try the tools a model may call."""


tools.add_command(parse)


@tools.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--start", is_flag=True, help="Start the MCP servers, to list what they offer now.")
def list_(as_json: bool, start: bool) -> None:
    """List the tools: name, what they touch, whether they are on, what they do."""
    from localai.tools import registry

    found, allowed = registry.tools(), _allowed()
    served, wrong = mcp.listed(found, start=start)
    _print((*found, *served), allowed, as_json)
    if wrong:
        raise ToolError("\n".join(wrong))


def _print(found: tuple[Tool, ...], allowed: Allowed, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_described(tool, allowed) for tool in found], indent=2))
        return
    rows = [(tool.name, _touches(tool), _state(tool, allowed), tool.description) for tool in found]
    if not sys.stdout.isatty():
        click.echo("".join("\t".join(row) + "\n" for row in rows), nl=False)
        return
    lines = [("NAME", "TOUCHES", "STATE", "WHAT IT DOES"), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for number, (*cells, description) in enumerate(lines):
        padded = (f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True))
        line = "  ".join([*padded, description])
        click.echo(line if number else click.style(line, dim=True))


@tools.command()
@click.argument("name")
def show(name: str) -> None:
    """Show a tool as a model sees it: JSON with its description and its arguments' schema."""
    with mcp.servers() as servers:
        shown = _described(mcp.find(name, servers), _allowed())
    click.echo(json.dumps(shown, indent=2, ensure_ascii=False))


@tools.command()
@click.argument("name")
@click.argument("arguments", default="{}", metavar="[JSON]")
def run(name: str, arguments: str) -> None:
    """Call a tool and print its bare result.

    JSON holds the arguments: localai tools run calculator '{"expression": "6 * 7"}'
    """
    from localai.sanitize import clean
    from localai.tools.outcome import Ok

    with mcp.servers() as servers:
        tool = mcp.find(name, servers)
        outcome = mcp.call(tool, _object(name, arguments), _allowed(), servers)
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


def _allowed() -> Allowed:
    """What the settings let tools reach."""
    from localai import config
    from localai.tools.allowed import Allowed

    return Allowed.by(config.load().tools)


def _described(tool: Tool, allowed: Allowed) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "effects": sorted(tool.effects),
        "off": allowed.lacks(tool.name, tool.needs),
    }


def _touches(tool: Tool) -> str:
    return ", ".join(sorted(tool.effects)) or "nothing"


def _state(tool: Tool, allowed: Allowed) -> str:
    return "off" if allowed.lacks(tool.name, tool.needs) else "on"
