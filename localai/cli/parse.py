"""`localai tools parse`: what a model's text says about tools. Nothing is run here."""

from __future__ import annotations

import sys

import click

from localai.cli.failure import note
from localai.errors import UsageError
from localai.tools.parse import formats

AUTO = "auto"
NO_TEXT = (
    "There is no text to parse; pipe in what a model wrote, as in: localai tools parse < answer.txt"
)


@click.command()
@click.option(
    "--format",
    "name",
    type=click.Choice([AUTO, *formats.FORMATS]),
    default=AUTO,
    help="Format of the calls; auto recognizes it.",
)
@click.option("--tool", "offered", metavar="NAME", multiple=True, help="A tool that was offered.")
@click.option("--inside", is_flag=True, help="The text begins within reasoning.")
def parse(name: str, offered: tuple[str, ...], inside: bool) -> None:
    """Show what localai reads in a model's raw text.

    Reads standard input; prints a JSON object with content, reasoning and tool_calls. A
    call that is not well-formed stays in the content. Nothing is run.
    """
    from localai.cli import prompt, record
    from localai.tools.parse.calls import Context, Rejected, collect

    stream = sys.stdin.buffer
    text = prompt.told(prompt.read_piped(stream)) if prompt.is_piped(stream) else ""
    if not text.strip():
        raise UsageError(NO_TEXT)
    context = Context(tools={tool: {} for tool in offered}, inside=inside)
    chosen = formats.recognize(text) if name == AUTO else name
    parser = formats.parser(chosen, context)
    events = [*parser.feed(text), *parser.end()]
    for event in events:
        if isinstance(event, Rejected):
            note(f"A call in the format {chosen} is not well-formed: {event.reason}.")
    parsed = collect(events)
    calls = [
        {"name": call.name, "arguments": call.arguments} | ({"id": call.id} if call.id else {})
        for call in parsed.calls
    ]
    answer = {"content": parsed.content, "reasoning": parsed.reasoning, "tool_calls": calls}
    click.echo(record.dumps(answer))
