"""A Markdown text that may still be growing, kept as parsed blocks.

Only the last block can change when text is added (the last two while a line is half
written: its end may still join them), so an append re-parses those and nothing before
them, and finished blocks keep their lines until the width or theme changes. Link
reference definitions therefore work only within a block.
"""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from rich.text import Text

from tui.markdown.blocks import BlockRenderer
from tui.markdown.line import Line


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough; HTML stays visible text. Made once: it
    keeps nothing of what it parses and is slow to build."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


class Document:
    """Markdown source and its blocks."""

    def __init__(self, source: str = "") -> None:
        self._finished: list[SyntaxTreeNode] = []
        self._lines: list[list[Line]] = []
        self._lines_for: tuple[int, BlockRenderer] | None = None
        self.source = ""
        self._tail = ""
        self._open: list[SyntaxTreeNode] = []
        if source:
            self.append(source)

    @property
    def blocks(self) -> list[SyntaxTreeNode]:
        """All top-level blocks in order."""
        return [*self._finished, *self._open]

    def append(self, text: str) -> None:
        """Add text at the end."""
        text = text.replace("\r", "")
        self.source += text
        self._tail += text
        nodes = SyntaxTreeNode(parser().parse(self._tail)).children
        half_line = -1 if self._tail.endswith("\n") else self._tail.count("\n")
        keep = 2 if nodes and _start(nodes[-1]) == half_line else 1
        finished, self._open = nodes[:-keep], nodes[-keep:]
        if finished:
            self._finished += finished
            lines = self._tail.split("\n")
            self._tail = "\n".join(lines[_start(self._open[0]) :])

    def lines(self, width: int, renderer: BlockRenderer) -> list[Line]:
        """The wrapped lines at `width`, a blank line between blocks."""
        if self._lines_for != (width, renderer):
            self._lines, self._lines_for = [], (width, renderer)
        for node in self._finished[len(self._lines) :]:
            self._lines.append([Line(text) for text in renderer.lines(node, width)])
        groups = list(self._lines)
        groups += [[Line(text) for text in renderer.lines(node, width)] for node in self._open]
        result: list[Line] = []
        for group in groups:
            if result and group:
                result.append(Line(Text(end=""), 0))
            result += group
        return result

    def code(self) -> list[str]:
        """The content of every code block at the top level, in order."""
        return [node.content for node in self.blocks if node.type in ("fence", "code_block")]


def _start(node: SyntaxTreeNode) -> int:
    """The first line of a block within the text it was parsed from."""
    return node.map[0] if node.map else 0
