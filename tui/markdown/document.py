"""A Markdown text that may still be growing, kept as parsed blocks.

Only the last block can change when text is added, so an append re-parses that block and
nothing before it, and finished blocks keep their lines until the width or theme changes.
Link reference definitions therefore work only within a block.
"""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from rich.text import Text

from tui.markdown.blocks import BlockRenderer


def new_parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough; HTML stays visible text."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


class Document:
    """Markdown source and its blocks."""

    def __init__(self, source: str = "", parser: MarkdownIt | None = None) -> None:
        self._parser = parser or new_parser()
        self._finished: list[SyntaxTreeNode] = []
        self._lines: list[list[Text]] = []
        self._lines_for: tuple[int, BlockRenderer] | None = None
        self.source = ""
        self._tail = ""
        self._last: SyntaxTreeNode | None = None
        if source:
            self.append(source)

    @property
    def blocks(self) -> list[SyntaxTreeNode]:
        """All top-level blocks in order."""
        return [*self._finished, self._last] if self._last is not None else self._finished

    def append(self, text: str) -> None:
        """Add text at the end."""
        self.source += text
        self._tail += text
        nodes = SyntaxTreeNode(self._parser.parse(self._tail)).children
        if not nodes:
            return
        *finished, self._last = nodes
        self._finished += finished
        start = self._last.map[0] if self._last.map else 0
        if finished and start:
            self._tail = "\n".join(self._tail.replace("\r\n", "\n").split("\n")[start:])

    def lines(self, width: int, renderer: BlockRenderer) -> list[Text]:
        """The wrapped lines at `width`, a blank line between blocks."""
        if self._lines_for != (width, renderer):
            self._lines, self._lines_for = [], (width, renderer)
        for node in self._finished[len(self._lines) :]:
            self._lines.append(renderer.lines(node, width))
        groups = list(self._lines)
        if self._last is not None:
            groups.append(renderer.lines(self._last, width))
        result: list[Text] = []
        for group in groups:
            if result and group:
                result.append(Text(end=""))
            result += group
        return result

    def code(self) -> list[str]:
        """The content of every code block at the top level, in order."""
        return [node.content for node in self.blocks if node.type in ("fence", "code_block")]
