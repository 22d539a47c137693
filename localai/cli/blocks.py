"""Cuts Markdown that is still being written into blocks that will not change any more.

A block is final once the next one has begun on a finished line, so that it can be
written to a terminal for good; only the last one has to be drawn again, and of that only
its end when it gets long. Pure; how blocks look is `paint.py`, how a half-written end is
made to look finished is `mend.py`.
"""

from __future__ import annotations

from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from localai.cli.cuts import LONG, cut, first_line
from localai.cli.mend import mend, mend_code


class Block(NamedTuple):
    """A piece of an answer: prose (any Markdown but a code fence) or code.

    `language` is None for prose; for code it is what stands after its fence. A long
    block comes in several pieces: only the first `opens`, only the last `closes`.
    """

    text: str
    language: str | None = None
    opens: bool = True
    closes: bool = True


def parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough. HTML and link definitions stay visible:
    nothing the model wrote may vanish."""
    markdown = MarkdownIt("commonmark", {"html": False})
    return markdown.enable(["table", "strikethrough"]).disable("reference")


class BlockStream:
    """Text in, final blocks out; `tail` is what may still change.

    The blocks do not depend on when the text comes, except where a long one is cut.
    Line ends are "\\n".
    """

    def __init__(self) -> None:
        self._parser = parser()
        self._text = ""
        self._continued = False

    def feed(self, text: str) -> None:
        """Take in more text; costs next to nothing."""
        self._text += text

    def take(self) -> list[Block]:
        """The blocks that have become final since the last time."""
        whole, newline, partial = self._text.rpartition("\n")
        lines = whole.split("\n")
        spans = _top(self._parser.parse(whole))
        if not spans:
            return []
        done = [self._block(token, lines) for token in spans[:-1]]
        start = first_line(spans[-1])
        done += self._cut(lines, start)
        self._text = "\n".join([*lines[start:], partial]) if newline else partial
        return done

    def tail(self) -> list[Block]:
        """What is not final, mended so that half-written markup does not show."""
        spans = _top(self._parser.parse(self._text))
        in_code = bool(spans) and spans[-1].type == "fence"
        text = mend_code(self._text) if in_code else mend(self._text)
        continued = self._continued
        blocks = self._blocks(text)
        self._continued = continued
        if in_code and blocks and not _is_closed(spans[-1]):
            blocks[-1] = blocks[-1]._replace(closes=False)
        return blocks

    def end(self) -> list[Block]:
        """The rest, exactly as it was written."""
        rest = self._blocks(self._text)
        self._text, self._continued = "", False
        return rest

    def _blocks(self, text: str) -> list[Block]:
        lines = text.split("\n")
        return [self._block(token, lines) for token in _top(self._parser.parse(text))]

    def _block(self, token: Token, lines: list[str]) -> Block:
        opens, self._continued = not self._continued, False
        if token.type == "fence":
            return Block(token.content.rstrip("\n"), token.info.strip(), opens)
        assert token.map is not None
        return Block("\n".join(lines[slice(*token.map)]).rstrip(), None, opens)

    def _cut(self, lines: list[str], start: int) -> list[Block]:
        """Take the beginning of the last block, which begins at line `start`, off `lines`
        when it is long. The rest of a code block keeps its fence."""
        rest = lines[start:]
        if len(rest) < LONG:
            return []
        own = self._parser.parse("\n".join(rest))
        end = cut(own, rest)
        if not end:
            return []
        opens, self._continued = not self._continued, True
        if own[0].type == "fence":
            lines[start:] = [rest[0], *rest[end:]]
            text, language = "\n".join(rest[1:end]), own[0].info.strip()
            return [Block(text, language, opens, closes=False)]
        lines[start:] = rest[end:]
        return [Block("\n".join(rest[:end]).rstrip(), None, opens, closes=False)]


def _top(tokens: list[Token]) -> list[Token]:
    """The tokens that begin a top-level block."""
    return [token for token in tokens if token.level == 0 and token.map is not None]


def _is_closed(fence: Token) -> bool:
    """Whether a fence has its closing line; only the end of a text can lack it."""
    assert fence.map is not None
    content = fence.content.removesuffix("\n")
    return fence.map[1] - fence.map[0] == (content.count("\n") + 3 if fence.content else 2)
