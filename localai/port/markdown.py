"""Conversations as Markdown: a heading for each, one for each message, and the texts as they are.

Safe to print: nothing in it drives a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from localai.conversation import Reasoning, Text, ToolCall, ToolResult
from localai.moments import local
from localai.sanitize import clean, one_line
from localai.store.tree import Leaf, Tree

SPEAKER = {"user": "You", "assistant": "Model", "tool": "Tool", "system": "System"}


def write(conversations: Iterable[tuple[Tree, list[Leaf]]]) -> Iterator[str]:
    """The document, a conversation at a time."""
    before = ""
    for tree, leaves in conversations:
        yield before + "\n\n".join(_conversation(tree, leaves)) + "\n"
        before = "\n"


def speaker(leaf: Leaf) -> str:
    """Who said it, and with which model."""
    model = leaf.origin.model if leaf.origin else ""
    return f"{SPEAKER[leaf.role]} ({one_line(model)})" if model else SPEAKER[leaf.role]


def day(seconds: float) -> str:
    """The local date of a Unix time."""
    return local(seconds).strftime("%Y-%m-%d %H:%M")


def fenced(text: str, language: str = "") -> str:
    """A text that is shown as it is, in a fence that is not in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _conversation(tree: Tree, leaves: list[Leaf]) -> Iterator[str]:
    yield f"# {one_line(tree.title) or 'untitled'}"
    yield f"*{day(tree.created)}*"
    if tree.system:
        yield "## System"
        yield clean(tree.system)
    for leaf in leaves:
        yield f"## {speaker(leaf)}"
        for part in leaf.parts:
            if isinstance(part, Text):
                yield clean(part.text).strip("\n")
            elif isinstance(part, Reasoning):
                yield "\n".join(f"> {line}".rstrip() for line in clean(part.text).splitlines())
            elif isinstance(part, ToolCall):
                given = msgspec.json.format(msgspec.json.encode(part.arguments)).decode()
                yield f"Calls `{one_line(part.name)}`:"
                yield fenced(clean(given), "json")
            elif isinstance(part, ToolResult):
                yield fenced(clean(part.text))
