"""A large JSON text in pieces, so that one conversation at a time is in memory.

Only brackets and strings are told apart here; whether a piece is JSON shows when it is
decoded. Each byte is looked at once, however the text is cut into chunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

MOST_BYTES = 128 * 1024 * 1024
"""A longer piece is not kept."""

_TOKEN = re.compile(rb'[\[\]{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_BETWEEN = b" \t\r\n,\xef\xbb\xbf"


class Piece(NamedTuple):
    """A stretch of the text: a `value` in brackets, `junk` between two, a value that is `long`
    beyond MOST_BYTES (without its bytes), or one that is `cut` off by the end."""

    kind: Literal["value", "junk", "long", "cut"]
    data: bytes = b""


class Splitter:
    """Finds the bracketed values that have `depth` brackets around them."""

    def __init__(self, depth: int, most: int = MOST_BYTES) -> None:
        self._depth, self._most = depth, most
        self._nesting = 0
        self._in_string = False
        self._carried = b""
        self._held: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """The pieces that end in this chunk."""
        chunk = self._carried + chunk
        at, begin, end = self._leave_string(chunk), 0, len(chunk)
        if self._in_string:
            # Less than all of it where a backslash waits for what comes after it.
            at, end = end, at
        for token in _TOKEN.finditer(chunk, at):
            mark, nesting = token[0][:1], self._nesting
            if mark == b'"':
                if not token[1]:
                    self._in_string, end = True, token.end()
            elif mark in b"[{":
                self._nesting += 1
                if nesting == self._depth:
                    yield from self._junk(chunk[begin : token.start()])
                    begin = token.start()
                elif nesting < self._depth:
                    begin = token.end()
            else:
                self._nesting = max(0, nesting - 1)
                if nesting == self._depth + 1:
                    yield self._value(chunk[begin : token.end()])
                    begin = token.end()
                elif nesting <= self._depth:
                    yield from self._junk(chunk[begin : token.start()])
                    begin = token.end()
        self._carried = chunk[end:]
        self._hold(chunk[begin:end])

    def end(self) -> Iterator[Piece]:
        """What is left when the text is at its end."""
        inside = self._nesting > self._depth or self._in_string
        if inside:
            yield Piece("cut")
        else:
            yield from self._junk(self._carried)
            if self._nesting:
                yield Piece("cut")

    def _leave_string(self, chunk: bytes) -> int:
        """How far a string goes on in which the last chunk ended, its end mark included."""
        if not self._in_string:
            return 0
        rest = _REST.match(chunk)
        at = rest.end() if rest else 0
        self._in_string = chunk[at : at + 1] != b'"'
        return at if self._in_string else at + 1

    def _hold(self, part: bytes) -> None:
        """Keep what belongs to a piece that has not ended."""
        if self._nesting < self._depth:
            return
        self._size += len(part)
        self._held.append(part)
        if self._size > self._most:
            self._held = []

    def _take(self, part: bytes) -> tuple[int, bytes]:
        """The size of the piece that ends with `part`, and the piece, b"" when too long."""
        self._held.append(part)
        size, data = self._size + len(part), b"".join(self._held)
        self._held, self._size = [], 0
        return size, data if size <= self._most else b""

    def _value(self, part: bytes) -> Piece:
        size, data = self._take(part)
        return Piece("value", data) if size <= self._most else Piece("long")

    def _junk(self, part: bytes) -> Iterator[Piece]:
        _, data = self._take(part)
        data = data.strip(_BETWEEN)
        if data:
            yield Piece("junk", data)
