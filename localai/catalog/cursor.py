"""Reading numbers and strings from the front of a file that may lie about itself.

Every length is held against what the file has left and against fixed bounds before
anything is read, so a hostile file costs bounded time and memory. It knows nothing of
what the bytes mean.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

_CHUNK = 1 << 18
_LENGTH = struct.Struct("<Q")

LARGEST_HEADER = 1 << 27
"""Bytes; the largest real ones (vocabularies of 262k tokens) take about 16 MB."""
MOST_STRINGS = 8_000_000
"""Elements of string arrays in one file, counted together."""


class Damaged(Exception):
    """The bytes cannot be what they claim to be; the message says which."""


class EndsEarly(Damaged):
    """The file ends inside what is being read."""


class Cursor:
    """A position in `file`, whose length is `size` bytes."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size = size
        self._file = file
        self._limit = min(size, LARGEST_HEADER)
        self._start = 0
        self._buffer = b""
        self._strings = 0
        self.position = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        self._claim(count)
        offset = self.position - self._start
        if offset < 0 or offset + count > len(self._buffer):
            self._fill(count)
            offset = 0
        self.position += count
        return self._buffer[offset : offset + count]

    def skip(self, count: int) -> None:
        """Go `count` bytes forward without reading them."""
        self._claim(count)
        self.position += count

    def number(self, form: struct.Struct) -> int | float | bool:
        """The next value in a one-value little-endian form."""
        value: int | float | bool = form.unpack(self.take(form.size))[0]
        return value

    def length(self) -> int:
        """The next unsigned 64-bit number."""
        count: int = _LENGTH.unpack(self.take(8))[0]
        return count

    def string(self, longest: int) -> str | None:
        """The next string; None when it is longer than `longest` bytes (it is skipped)."""
        count = self.length()
        if count > longest:
            self.skip(count)
            return None
        return self.take(count).decode("utf-8", "replace")

    def skip_strings(self, count: int) -> None:
        """Go past `count` strings. The vocabulary makes this the hot loop of a header."""
        self._strings += count
        if self._strings > MOST_STRINGS:
            raise Damaged("it claims to hold more strings than any model has")
        self._claim(8 * count)
        unpack, left = _LENGTH.unpack_from, count
        while left:
            self._fill(8)
            buffer, end, offset = self._buffer, len(self._buffer) - 8, 0
            while left and offset <= end:
                offset += 8 + unpack(buffer, offset)[0]
                left -= 1
            self._claim(offset)
            self.position += offset

    def _claim(self, count: int) -> None:
        """Raise unless `count` more bytes may be read."""
        if self.position + count > self._limit:
            if self._limit < self.size or count > LARGEST_HEADER:
                raise Damaged("a length in it is impossibly large")
            raise EndsEarly("it ends inside its header")

    def _fill(self, count: int) -> None:
        """Buffer at least `count` bytes from the position on; the caller has claimed them."""
        self._file.seek(self.position)
        self._buffer = self._file.read(max(count, _CHUNK))
        self._start = self.position
        if len(self._buffer) < count:
            raise EndsEarly("it ends inside its header")
