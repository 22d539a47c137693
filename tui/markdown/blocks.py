"""Block Markdown nodes to wrapped lines: paragraphs, headings, lists, quotes, code, tables.

Every line fits the width. Blocks are separated by one blank line by the caller; inside
lists a tight list stays tight.
"""

from __future__ import annotations

from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode
from rich.console import Console
from rich.style import Style
from rich.text import Text

from tui.markdown.code import code_lines
from tui.markdown.inline import inline_text
from tui.markdown.palette import Palette
from tui.markdown.table import table_lines

BULLETS = "•◦▪"
LEAST_WIDTH = 8


@dataclass(frozen=True)
class BlockRenderer:
    """Renders nodes in one palette; `console` only measures and wraps."""

    palette: Palette
    console: Console

    def lines(self, node: SyntaxTreeNode, width: int, depth: int = 0) -> list[Text]:
        """The wrapped lines of one block node; `depth` counts the lists around it."""
        width = max(width, LEAST_WIDTH)
        match node.type:
            case "heading":
                return self._heading(node, width)
            case "bullet_list" | "ordered_list":
                return self._list(node, width, depth)
            case "blockquote":
                return self._quote(node, width, depth)
            case "fence" | "code_block":
                return self._code(node, width)
            case "table":
                return self._table(node, width)
            case "hr":
                return [Text("─" * min(width, 24), self.palette.muted, end="")]
            case "paragraph":
                return self._wrap(self._inline(node), width)
            case _:
                return self._wrap(Text(node.content, end=""), width)

    def stack(self, nodes: list[SyntaxTreeNode], width: int, depth: int = 0) -> list[Text]:
        """Blocks one below the other, a blank line between, none where a list is tight."""
        lines: list[Text] = []
        for number, node in enumerate(nodes):
            if number and not (node.type.endswith("_list") and nodes[number - 1].hidden):
                lines.append(Text(end=""))
            lines += self.lines(node, width, depth)
        return lines

    def _inline(self, node: SyntaxTreeNode) -> Text:
        if not node.children or node.children[0].token is None:
            return Text(end="")
        return inline_text(node.children[0].token.children or (), self.palette)

    def _wrap(self, text: Text, width: int) -> list[Text]:
        return list(text.wrap(self.console, width, overflow="fold"))

    def _heading(self, node: SyntaxTreeNode, width: int) -> list[Text]:
        text = self._inline(node)
        style = self.palette.heading if node.tag in ("h1", "h2", "h3") else Style(bold=True)
        text.stylize(style)
        return self._wrap(text, width)

    def _list(self, node: SyntaxTreeNode, width: int, depth: int) -> list[Text]:
        ordered = node.type == "ordered_list"
        first = int(node.attrs.get("start", 1)) if ordered else 0
        mark_width = len(str(first + len(node.children))) + 2 if ordered else 2
        lines: list[Text] = []
        for number, item in enumerate(node.children):
            mark = f"{first + number}." if ordered else BULLETS[depth % len(BULLETS)]
            tight = bool(item.children) and item.children[0].hidden
            if number and not tight:
                lines.append(Text(end=""))
            body = self.stack(item.children, width - mark_width, depth + 1) or [Text(end="")]
            for index, line in enumerate(body):
                lead = mark.rjust(mark_width - 1) if ordered else mark
                prefix = f"{lead} " if index == 0 else " " * mark_width
                lines.append(Text.assemble((prefix, self.palette.accent), line, end=""))
        return lines

    def _quote(self, node: SyntaxTreeNode, width: int, depth: int) -> list[Text]:
        lines = self.stack(node.children, width - 2, depth)
        for line in lines:
            line.stylize_before(self.palette.muted)
        return [Text.assemble(("│ ", self.palette.accent), line, end="") for line in lines]

    def _code(self, node: SyntaxTreeNode, width: int) -> list[Text]:
        language = node.info.split()[0] if node.info.strip() else ""
        panel = self.palette.code_panel
        inner = width - 2
        lines: list[Text] = []
        for line in code_lines(node.content, language, self.palette):
            for row in self._wrap(line, inner):
                row.stylize_before(panel)
                padding = " " * (inner - row.cell_len + 1)
                lines.append(Text.assemble((" ", panel), row, (padding, panel), end=""))
        return lines

    def _table(self, node: SyntaxTreeNode, width: int) -> list[Text]:
        rows = [
            [self._inline(cell) for cell in row.children]
            for section in node.children
            for row in section.children
        ]
        return table_lines(rows, width, self.console, self.palette)
