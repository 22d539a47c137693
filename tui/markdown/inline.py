"""Inline Markdown tokens to one styled Rich text: emphasis, code, links, breaks.

A link shows its text and, where it differs, its address: nothing is hidden behind a
word, and no terminal hyperlink is emitted. Images show their description.
"""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token
from rich.style import Style
from rich.text import Text

from tui.markdown.palette import Palette

EMPHASIS = {
    "em_open": Style(italic=True),
    "strong_open": Style(bold=True),
    "s_open": Style(strike=True),
}


def inline_text(tokens: Sequence[Token], palette: Palette) -> Text:
    """The styled text of the children of an `inline` token."""
    text = Text(end="")
    styles: list[Style] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        style = Style.combine(styles) if styles else ""
        if token.type == "text":
            text.append(token.content, style)
        elif token.type in ("softbreak", "hardbreak"):
            text.append("\n")
        elif token.type == "code_inline":
            text.append(token.content, palette.code)
        elif token.type in EMPHASIS:
            styles.append(EMPHASIS[token.type])
        elif token.type == "link_open":
            styles.append(palette.link)
            links.append((str(token.attrGet("href") or ""), len(text)))
        elif token.type == "link_close":
            styles.pop()
            href, start = links.pop()
            if href != text.plain[start:]:
                text.append(f" ({href})", palette.muted)
        elif token.type.endswith("_close"):
            styles.pop()
        elif token.type == "image":
            text.append(f"[{token.content or 'image'}]", palette.muted)
        else:
            text.append(token.content, style)
    return text
