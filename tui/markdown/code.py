"""Source code to styled lines, with Pygments' lexers and the theme's own few colours.

Very long blocks stay plain: colouring them would cost more than it tells.
"""

from __future__ import annotations

from functools import lru_cache

from pygments.lexer import Lexer  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]
from rich.style import Style
from rich.text import Text

from tui.markdown.palette import Palette

LONGEST_COLOURED = 20_000
"""Characters of code beyond which it is shown in one colour."""


@lru_cache(maxsize=32)
def lexer_for(language: str) -> Lexer | None:
    """The lexer for the name after the fence, or None for plain text."""
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def code_lines(code: str, language: str, palette: Palette) -> list[Text]:
    """One text a line of code, coloured where the language is known."""
    lexer = lexer_for(language.lower()) if language and len(code) <= LONGEST_COLOURED else None
    code = code.expandtabs(4)
    text = Text(end="")
    if lexer is None:
        text.append(code)
    else:
        for kind, value in lexer.get_tokens(code):
            text.append(value, _style(kind, palette))
    text.rstrip()
    return list(text.split("\n", allow_blank=True)) or [Text(end="")]


def _style(kind: _TokenType, palette: Palette) -> Style | str:
    if kind in Comment:
        return palette.muted + Style(italic=True)
    if kind in Keyword or kind in Operator.Word:
        return palette.keyword
    if kind in String:
        return palette.string
    if kind in Number:
        return palette.number
    if kind in Name.Function or kind in Name.Class or kind in Name.Builtin or kind in Name.Tag:
        return palette.name
    return ""
