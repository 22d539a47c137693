"""`localai tools decisions`: what was decided about tools for longer than one call."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.errors import UsageError

if TYPE_CHECKING:
    from localai.store.consents import ToolConsent


@click.command()
@click.option("--forget", metavar="NAME", help="Ask about this tool again.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def decisions(invocation: Invocation, forget: str | None, as_json: bool) -> None:
    """List what tools may do without asking, or never may; or forget it."""
    if forget is not None:
        with invocation.open_store() as store:
            if not store.forget_decisions(forget):
                raise UsageError(f"Nothing was decided about {forget}; it asks when it is called.")
        note(f"{forget} asks again when it is called.")
        return
    with invocation.read_store() as store:
        found = store.decisions()
    if as_json:
        from localai.cli import record

        click.echo(record.dumps([_fields(each) for each in found]))
        return
    width = max((len(each.tool) for each in found), default=0)
    for each in found:
        name = f"{each.tool:{width}}  " if sys.stdout.isatty() else f"{each.tool}\t"
        click.echo(name + _words(each))
    if not found:
        note("Nothing is decided; tools that act ask each time.")


def _fields(each: ToolConsent) -> dict[str, object]:
    return {
        "tool": each.tool,
        "allowed": each.allowed,
        "conversation_id": each.conversation or None,
        "code": each.code,
    }


def _words(each: ToolConsent) -> str:
    if not each.allowed:
        return "never"
    return f"in conversation {each.conversation[-8:].lower()}" if each.conversation else "always"
