"""A whole conversation as text: rendered on a terminal, plain Markdown elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

import click

from localai.chat import call_line
from localai.cli.output import AnswerView, Plain, can_render
from localai.conversation import Message
from localai.sanitize import clean, one_line
from localai.store.rows import Conversation, Status, StoredMessage

SPEAKER = {"user": "You", "assistant": "Model", "tool": "Tool", "system": "System"}

WIDE = 500
"""Characters that are shown of a result."""

ENDED: dict[Status, str] = {
    "streaming": "still being written",
    "cancelled": "stopped",
    "interrupted": "interrupted",
    "failed": "failed",
}


def write(row: Conversation, messages: Sequence[StoredMessage], stream: TextIO) -> None:
    """Write title, system text and messages to `stream`."""
    rendered = can_render(stream)
    title = clean(row.title) or "untitled"
    stream.write(click.style(title, bold=True) + "\n" if rendered else f"# {title}\n")
    if row.system:
        stream.write(_heading("System", rendered))
        _body(row.system, stream, rendered)
    for message in messages:
        stream.write(_heading(_speaker(message), rendered))
        if message.message.text:
            _body(message.message.text, stream, rendered and message.message.role == "assistant")
        for line in _tools(message.message):
            stream.write(click.style(line, dim=True) + "\n" if rendered else f"{line}\n")


def _tools(message: Message) -> list[str]:
    """A line for each call and each result."""
    failed = {True: "→", False: "✗"}
    results = (f"{failed[each.ok]} {one_line(each.text, WIDE)}" for each in message.results)
    return [*map(call_line.asked, message.calls), *results]


def _heading(text: str, rendered: bool) -> str:
    return f"\n{click.style(text, fg='cyan', bold=True)}\n" if rendered else f"\n## {text}\n\n"


def _speaker(stored: StoredMessage) -> str:
    """Who said it and, for an answer, with which model and how it ended."""
    name = SPEAKER[stored.message.role]
    if stored.origin is None:
        return name
    ended = ENDED.get(stored.status)
    details = [clean(stored.origin.model), *([ended] if ended else [])]
    return f"{name} ({', '.join(details)})"


def _body(text: str, stream: TextIO, rendered: bool) -> None:
    view: AnswerView = Plain(stream)
    if rendered:
        from localai.cli.terminal import Terminal

        view = Terminal(stream)
    view.text(text)
    view.close()
