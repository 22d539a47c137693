"""Where a block that is still being written, but has become long, can be cut.

What is cut off is never drawn again, which keeps drawing cheap however long an answer
gets: a list of a thousand items is one block to Markdown. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markdown_it.token import Token

from localai.cli.mend import closers

LONG = 40
"""Lines from which on a block is cut; what remains has at most half of them, if possible."""

NUMBER = re.compile(r" {0,3}(\d+)[.)]")


def first_line(token: Token) -> int:
    """The line a block begins on."""
    assert token.map is not None
    return token.map[0]


def cut(tokens: Sequence[Token], lines: Sequence[str]) -> int:
    """How many of `lines` can be cut off, 0 when they must stay together.

    `tokens` are those of the block alone, `lines` all its finished lines; token line
    numbers count from the first of them.
    """
    places = [place for place in _places(tokens, lines) if LONG // 2 <= place < len(lines)]
    return max(places, default=0)


def _places(tokens: Sequence[Token], lines: Sequence[str]) -> Iterable[int]:
    """Lines that could begin a new piece."""
    match tokens[0].type:
        case "bullet_list_open":
            return _items(tokens)
        case "ordered_list_open":
            first = int(tokens[0].attrs.get("start", 1))
            numbered = enumerate(_items(tokens), first)
            return (place for number, place in numbered if _has_number(lines[place], number))
        case "paragraph_open":
            return (i for i in range(len(lines)) if not closers("\n".join(lines[:i])))
        case "fence" if not lines[0][:1].isspace():
            return (i for i in range(2, len(lines)) if _begins_statement(lines, i))
    return ()


def _items(tokens: Sequence[Token]) -> list[int]:
    """The lines on which the items of a list begin."""
    return [first_line(t) for t in tokens if t.type == "list_item_open" and t.level == 1]


def _has_number(line: str, number: int) -> bool:
    """Whether an item says itself which it is: models write "1." before every one, too."""
    match = NUMBER.match(line)
    return match is not None and int(match[1]) == number


def _begins_statement(lines: Sequence[str], i: int) -> bool:
    """Whether colouring of code can begin anew: no indentation after an empty line."""
    return not lines[i - 1].strip() and bool(lines[i][:1].strip())
