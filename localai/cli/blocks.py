"""Cuts Markdown that is still being written into blocks that will not change any more.

A block is final once the next one has begun on a finished line, so that it can be
written to a terminal for good; only the last one has to be drawn again. Code is cut
between its top-level statements when it gets long. Pure; how blocks look is
`markdown.py`, how a half-written end is made to look finished is `mend.py`.
"""

from __future__ import annotations

from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from localai.cli.mend import mend, mend_code

LONG_CODE = 60
"""Lines of an open code block from which on its beginning is cut off where that is safe."""


class Block(NamedTuple):
    """A piece of an answer: prose (any Markdown but a code fence) or code.

    `language` is None for prose; for code it is what stands after its fence. A code
    block may come in several pieces: only the first `opens`, only the last `closes`.
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

    The blocks do not depend on how the text is split into `feed` calls, except where
    long code is cut. Line ends are "\\n".
    """

    def __init__(self) -> None:
        self._parser = parser()
        self._text = ""
        self._continued = False

    def feed(self, text: str) -> list[Block]:
        """The blocks that `text` made final."""
        self._text += text
        if "\n" not in text:
            return []
        whole, _, partial = self._text.rpartition("\n")
        lines = whole.split("\n")
        spans = self._spans(whole)
        if not spans:
            return []
        done = [self._block(token, lines) for token in spans[:-1]]
        rest = lines[_first_line(spans[-1]) :]
        if spans[-1].type == "fence":
            done += self._cut(rest)
        self._text = "\n".join([*rest, partial])
        return done

    def tail(self) -> list[Block]:
        """What is not final, mended so that half-written markup does not show."""
        spans = self._spans(self._text)
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
        return [self._block(token, lines) for token in self._spans(text)]

    def _spans(self, text: str) -> list[Token]:
        """The opening tokens of the top-level blocks."""
        tokens = self._parser.parse(text)
        return [token for token in tokens if token.level == 0 and token.map is not None]

    def _block(self, token: Token, lines: list[str]) -> Block:
        assert token.map is not None
        if token.type != "fence":
            return Block("\n".join(lines[token.map[0] : token.map[1]]).rstrip())
        opens, self._continued = not self._continued, False
        return Block(token.content.rstrip("\n"), token.info.strip(), opens)

    def _cut(self, lines: list[str]) -> list[Block]:
        """Take the beginning of a long code block off `lines`, which start with its fence.

        The cut is after a blank line that a line without indentation follows: colouring
        can begin anew there.
        """
        fence, code = lines[0], lines[1:]
        if len(code) < LONG_CODE or fence[:1].isspace():
            return []
        for i in range(len(code) - 2, LONG_CODE // 2, -1):
            if not code[i].strip() and code[i + 1][:1].strip():
                opens, self._continued = not self._continued, True
                del lines[1 : i + 2]
                language = fence.lstrip("`~").strip()
                return [Block("\n".join(code[: i + 1]), language, opens, closes=False)]
        return []


def _first_line(token: Token) -> int:
    assert token.map is not None
    return token.map[0]


def _is_closed(fence: Token) -> bool:
    """Whether a fence has its closing line; only the end of a text can lack it."""
    assert fence.map is not None
    content = fence.content.removesuffix("\n")
    return fence.map[1] - fence.map[0] == (content.count("\n") + 3 if fence.content else 2)
