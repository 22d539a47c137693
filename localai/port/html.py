"""Conversations as one HTML page that needs nothing else: no scripts, no pictures, no network.

Colours follow the reader's choice of light or dark. Answers are rendered Markdown in which
HTML is text; everything else is shown as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

import msgspec
from markdown_it import MarkdownIt

from localai.conversation import Part, Reasoning, Text, ToolCall, ToolResult
from localai.port.markdown import day, speaker
from localai.sanitize import clean, one_line
from localai.store.tree import Leaf, Tree

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>Conversations</title>
<style>
:root { color-scheme: light dark; --text: #1d1d1f; --dim: #66666c; --line: #d8d8dc;
  --page: #ffffff; --you: #eef3fb; --code: #f4f4f6; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6ea; --dim: #9a9aa2; --line: #3a3a40; --page: #17171a;
    --you: #1f2a3a; --code: #232328; } }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: var(--text);
  background: var(--page); font: 1rem/1.5 system-ui, sans-serif; }
article + article { border-top: 1px solid var(--line); margin-top: 3rem; }
h2, time { color: var(--dim); font-size: .85rem; font-weight: 600; margin: 1.5rem 0 .25rem; }
section > div { overflow-wrap: anywhere; }
.user > div, .system > div { background: var(--you); border-radius: .5rem;
  padding: .5rem .75rem; }
.typed { white-space: pre-wrap; }
pre { background: var(--code); border-radius: .5rem; padding: .75rem; overflow-x: auto;
  white-space: pre-wrap; }
code { background: var(--code); font-size: .9em; }
table { border-collapse: collapse; } td, th { border: 1px solid var(--line);
  padding: .25rem .5rem; }
details { color: var(--dim); }
</style>
</head>
<body>
"""


def write(conversations: Iterable[tuple[Tree, list[Leaf]]]) -> Iterator[str]:
    """The page, a conversation at a time."""
    render = _renderer()
    yield _HEAD
    for tree, leaves in conversations:
        yield f"<article>\n<h1>{escape(one_line(tree.title) or 'untitled')}</h1>\n"
        yield f"<time>{day(tree.created)}</time>\n"
        if tree.system:
            yield _section("system", "System", [_typed(tree.system)])
        for leaf in leaves:
            parts = [_part(part, leaf.role == "assistant", render) for part in leaf.parts]
            yield _section(leaf.role, speaker(leaf), parts)
        yield "</article>\n"
    yield "</body>\n</html>\n"


def _renderer() -> MarkdownIt:
    """Markdown without HTML and without pictures, which a page would fetch."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _section(role: str, name: str, parts: list[str]) -> str:
    inside = "\n".join(parts)
    return f'<section class="{role}">\n<h2>{escape(name)}</h2>\n{inside}\n</section>\n'


def _part(part: Part, answer: bool, render: MarkdownIt) -> str:
    if isinstance(part, Text):
        return f"<div>{render.render(clean(part.text))}</div>" if answer else _typed(part.text)
    if isinstance(part, Reasoning):
        return f"<details><summary>Reasoning</summary>{_typed(part.text)}</details>"
    if isinstance(part, ToolCall):
        given = msgspec.json.format(msgspec.json.encode(part.arguments)).decode()
        name = escape(one_line(part.name))
        return f"<div>Calls <code>{name}</code><pre>{escape(clean(given))}</pre></div>"
    assert isinstance(part, ToolResult)
    return f"<pre>{escape(clean(part.text))}</pre>"


def _typed(text: str) -> str:
    return f'<div class="typed">{escape(clean(text))}</div>'
