"""The records of a file: each a JSON value with where it stands, one at a time.

A file is JSON lines, one JSON array, our own document, or Markdown; which of them shows in
its first bytes, not in its name. A broken record costs itself alone. What a record means is told
elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from localai.port import markdown_reading
from localai.port.decoding import decode
from localai.port.sources import Source, Stream
from localai.port.splitting import MOST_BYTES, Splitter

CHUNK = 1 << 18
OWN = re.compile(rb'\s*\{\s*"format"\s*:\s*"localai"\s*,\s*"version"\s*:\s*(\d+)')
"""How our own document begins."""

_PEEK = 1 << 22
_BOM = b"\xef\xbb\xbf"
_TOO_LONG = f"it is longer than {MOST_BYTES // 2**20} MB"
_KINDS = {
    "junk": "it is no JSON object",
    "long": _TOO_LONG,
    "cut": "the file ends in the middle of it",
}


class Record(NamedTuple):
    """A value with its place ("line 2"), or the `problem` with it. `own` in our document.

    `line` holds the bytes of a value of our own document, which has types of its own.
    """

    where: str
    value: Any = None
    problem: str = ""
    own: bool = False
    data: bytes = b""


def records(source: Source, progress: Callable[[int], None]) -> Iterator[Record]:
    """The records of a file; `progress` is told how many bytes are read.

    Raises PortError when the file cannot be read on.
    """
    with source.open() as stream:
        head = stream.read(_PEEK)
        text = head.removeprefix(_BOM).lstrip()
        if not text:
            return
        chunks = _Chunks(stream, head, progress)
        if own := OWN.match(text):
            yield from _own(chunks, int(own[1][:9]))
        elif text[:1] == b"[":
            yield from _pieces(chunks, 1, "conversation")
        elif text[:1] == b"{" and _is_whole(text):
            yield from _lines(chunks)
        elif text[:1] == b"{":
            yield from _pieces(chunks, 0, "object")
        elif text[:1] == b"#":
            yield from _markdown(chunks)
        else:
            yield Record("the file", problem=_no_json(head))


class _Chunks:
    """A stream with its first bytes put back, and its progress told."""

    def __init__(self, stream: Stream, head: bytes, progress: Callable[[int], None]) -> None:
        self._stream, self._head, self._progress = stream, head.removeprefix(_BOM), progress
        self._read = len(head)

    def __iter__(self) -> Iterator[bytes]:
        chunk, self._head = self._head, b""
        while chunk:
            yield chunk
            chunk = self._more(self._stream.read(CHUNK))

    def lines(self) -> Iterator[bytes]:
        """Lines with their ends; b"" in the place of one that is too long."""
        *whole, last = self._head.split(b"\n")
        for line in whole:
            yield line + b"\n"
        last += self._more(self._stream.readline(MOST_BYTES))
        while last:
            too_long = False
            while len(last) >= MOST_BYTES and not last.endswith(b"\n"):
                too_long, last = True, self._more(self._stream.readline(MOST_BYTES))
            yield b"" if too_long else last
            last = self._more(self._stream.readline(MOST_BYTES))

    def _more(self, data: bytes) -> bytes:
        self._read += len(data)
        self._progress(self._read)
        return data


def _lines(chunks: _Chunks) -> Iterator[Record]:
    for number, line in enumerate(chunks.lines(), start=1):
        if not line:
            yield Record(f"line {number}", problem=_TOO_LONG)
        elif line.strip():
            yield _record(f"line {number}", line)


def _pieces(chunks: _Chunks, depth: int, name: str) -> Iterator[Record]:
    for number, (kind, data) in enumerate(_split(chunks, depth), start=1):
        where = f"{name} {number}"
        if kind == "value":
            yield _record(where, data)
        else:
            yield Record(where, problem=_KINDS[kind])


def _own(chunks: _Chunks, version: int) -> Iterator[Record]:
    """What our own document holds; a version that is newer than this program is not read."""
    if version > 1:
        yield Record(
            "the file", problem="it was written by a newer localai; update localai to read it"
        )
        return
    for number, (kind, data) in enumerate(_split(chunks, 2), start=1):
        where = f"conversation {number}"
        problem = "" if kind == "value" else _KINDS[kind]
        yield Record(where, problem=problem, own=True, data=data)


def _markdown(chunks: _Chunks) -> Iterator[Record]:
    """Conversations in Markdown, which is read whole."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > markdown_reading.MOST_BYTES:
            yield Record("the file", problem="Markdown of more than 32 MB is not read")
            return
    number = 0
    for value in markdown_reading.conversations(held.decode("utf-8", "replace")):
        number += 1
        yield Record(f"conversation {number}", value)
    if not number:
        yield Record("the file", problem="no heading in it, such as ## You, says who speaks")


def _split(chunks: _Chunks, depth: int) -> Iterator[tuple[str, bytes]]:
    splitter = Splitter(depth)
    for chunk in chunks:
        yield from splitter.feed(chunk)
    yield from splitter.end()


def _record(where: str, data: bytes) -> Record:
    try:
        return Record(where, decode(data))
    except ValueError as error:
        return Record(where, problem=str(error))


def _is_whole(text: bytes) -> bool:
    """True when one of the first lines is a JSON object by itself: then each line is one."""
    for line in text.split(b"\n")[:3]:
        try:
            if isinstance(decode(line), dict):
                return True
        except ValueError:
            continue
    return False


def _no_json(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "it is UTF-16; save it as UTF-8"
    return "it holds no conversations in a form that localai knows"
