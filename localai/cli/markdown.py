"""How Markdown looks on a terminal: rich's renderer, made quieter and more careful.

Colours are the terminal's own sixteen, without backgrounds, so that dark and light
themes both work. Line breaks stay as the model wrote them. Links and images are shown
as text with their address: what a model wrote never becomes a clickable escape
sequence, and nothing of it vanishes. The text must have passed the sanitiser.
"""

from __future__ import annotations

from typing import ClassVar

from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import (
    CodeBlock,
    Heading,
    HorizontalRule,
    ImageItem,
    ListItem,
    Markdown,
    MarkdownElement,
    Paragraph,
)
from rich.rule import Rule
from rich.segment import Segment
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text
from rich.theme import Theme

from localai.cli.blocks import parser

THEME = Theme(
    {
        "markdown.h1": "bold underline",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.h4": "bold italic",
        "markdown.h5": "italic",
        "markdown.h6": "italic",
        "markdown.code": "cyan",
        "markdown.code_block": "none",
        "markdown.block_quote": "italic",
        "markdown.item.bullet": "cyan",
        "markdown.item.number": "cyan",
        "markdown.link": "underline",
        "markdown.link_url": "cyan",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
        "markdown.hr": "dim",
    }
)

CODE_COLOURS = ANSISyntaxTheme(
    {
        ("Comment",): Style(dim=True, italic=True),
        ("Keyword",): Style(color="magenta"),
        ("Keyword", "Constant"): Style(color="yellow"),
        ("Operator", "Word"): Style(color="magenta"),
        ("Name", "Function"): Style(color="cyan"),
        ("Name", "Class"): Style(color="cyan"),
        ("Name", "Tag"): Style(color="cyan"),
        ("Name", "Decorator"): Style(color="yellow"),
        ("Name", "Attribute"): Style(color="yellow"),
        ("Literal", "String"): Style(color="green"),
        ("Literal", "Number"): Style(color="yellow"),
        ("Generic", "Deleted"): Style(color="red"),
        ("Generic", "Inserted"): Style(color="green"),
        ("Generic", "Heading"): Style(bold=True),
    }
)
"""By the names of pygments' token types."""


def highlight(code: str, language: str) -> Text:
    """Code with colours; plain when the first word of `language` is unknown."""
    name = (language.split() or ["text"])[0]
    return Syntax("", name, theme=CODE_COLOURS, tab_size=8).highlight(code)


class _Paragraph(Paragraph):
    """Without blanks up to the right edge."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "default"
        yield self.text


class _Heading(Heading):
    """At the left, whatever its level."""

    LEVEL_ALIGN: ClassVar = {}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "default"
        yield self.text


class _Code(CodeBlock):
    """Code inside a list or a quotation; code on its own never comes here."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = highlight(str(self.text).rstrip(), self.lexer_name)
        text.rstrip()
        text.no_wrap = False
        yield text


class _Rule(HorizontalRule):
    """A thin line."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Rule(style=console.get_style("markdown.hr"))


class _Item(ListItem):
    """Numbers with their full stop, in a column wide enough for most lists: an item
    must not move when a longer number comes up below it."""

    def render_number(
        self, console: Console, options: ConsoleOptions, number: int, last_number: int
    ) -> RenderResult:
        mark = f"{number:>2}. "
        style = console.get_style("markdown.item.number")
        inner = options.update(width=max(1, options.max_width - len(mark)))
        for i, line in enumerate(console.render_lines(self.elements, inner)):
            yield Segment(" " * len(mark) if i else mark, style)
            yield from line
            yield Segment.line()


class _Image(ImageItem):
    """Its description and address; there is nothing to see in a terminal."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text.assemble(self.text, f" ({self.destination})", end="")


class TerminalMarkdown(Markdown):
    """A piece of Markdown, ready to print."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "paragraph_open": _Paragraph,
        "heading_open": _Heading,
        "fence": _Code,
        "code_block": _Code,
        "image": _Image,
        "hr": _Rule,
        "list_item_open": _Item,
    }

    def __init__(self, text: str) -> None:
        super().__init__("", hyperlinks=False)
        self.parsed = parser().parse(text)
        _keep_breaks(self.parsed)


def _keep_breaks(tokens: list[Token]) -> None:
    """Turn line breaks into real ones: models mean them, unlike people who wrap text."""
    for token in tokens:
        if token.type == "softbreak":
            token.type = "hardbreak"
        _keep_breaks(token.children or [])
