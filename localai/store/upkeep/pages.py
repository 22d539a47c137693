"""The pages of a damaged database and its log, read without SQLite.

Format: https://sqlite.org/fileformat2.html (the log: section 4). Of each page the newest
version that the log holds comes first. Checksums are not looked at: who reads decides what
makes sense.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from mmap import mmap

PAGE = 4096
"""Bytes; localai makes no others."""

_LOG_HEADER, _FRAME_HEADER = 32, 24
_MAGIC = b"\x37\x7f\x06"


class Pages:
    """Pages by number, from 1. `file` and `log` are the bytes of both files."""

    def __init__(self, file: bytes | mmap, log: bytes = b"") -> None:
        self._file, self._log = memoryview(file), memoryview(log)
        self._frames: dict[int, list[int]] = {}
        for number, offset in _frames(log):
            self._frames.setdefault(number, []).append(offset)
        inside = -(-len(self._file) // PAGE)
        self.last = max((inside, *self._frames))

    def versions(self, number: int) -> Iterator[memoryview]:
        """What is known of a page, the newest first; a cut one is filled with zeros."""
        for offset in reversed(self._frames.get(number, ())):
            yield self._log[offset : offset + PAGE]
        page = self._file[(number - 1) * PAGE : number * PAGE]
        if len(page) == PAGE:
            yield page
        elif len(page):
            yield memoryview(bytes(page).ljust(PAGE, b"\0"))

    def newest(self, number: int) -> memoryview | None:
        """The newest version of a page, None when there is no such page."""
        return next(self.versions(number), None) if 0 < number <= self.last else None

    def close(self) -> None:
        """Let go of both files."""
        self._file.release()
        self._log.release()


def lost_log(log: bytes) -> bool:
    """Whether SQLite would pass over commits of the log, because something before them is
    damaged. What a crash leaves at the end was never committed and does not count."""
    commits = [start for _, start, commit in _ours(log) if commit]
    return bool(commits) and commits[-1] >= _sound_until(log)


def _frames(log: bytes) -> Iterator[tuple[int, int]]:
    """(page number, offset of its content) of the log's frames up to the last commit, the
    oldest first."""
    ours = list(_ours(log))
    last = max((start for _, start, commit in ours if commit), default=-1)
    for number, start, _ in ours:
        if start <= last and number < 1 << 28:
            yield number, start + _FRAME_HEADER


def _ours(log: bytes) -> Iterator[tuple[int, int, bool]]:
    """(page number, where it starts, whether it ends a commit) of frames, without those of an
    earlier use of the log, which have other salts."""
    starts = range(_LOG_HEADER, len(log) - _FRAME_HEADER - PAGE + 1, _FRAME_HEADER + PAGE)
    if not starts:
        return
    salt = log[16:24]
    if not _header_sound(log):
        # The first frames are always of the present use.
        salts = Counter(log[start + 8 : start + 16] for start in starts[:5])
        salt = salts.most_common(1)[0][0]
    for start in starts:
        if log[start + 8 : start + 16] == salt:
            commit = any(log[start + 4 : start + 8])
            yield int.from_bytes(log[start : start + 4], "big"), start, commit


def _header_sound(log: bytes) -> bool:
    return (
        log[:3] == _MAGIC
        and log[3] in (0x82, 0x83)
        and _sum(log, 0, 24, (0, 0)) == _stored(log, 24)
    )


def _sound_until(log: bytes) -> int:
    """Where the first frame starts that SQLite would not take."""
    if not _header_sound(log):
        return 0
    sums = _stored(log, 24)
    size, start = _FRAME_HEADER + PAGE, _LOG_HEADER
    while start + size <= len(log) and log[start + 8 : start + 16] == log[16:24]:
        sums = _sum(log, start, start + 8, sums)
        sums = _sum(log, start + _FRAME_HEADER, start + size, sums)
        if sums != _stored(log, start + 16):
            break
        start += size
    return start


def _sum(log: bytes, begin: int, end: int, sums: tuple[int, int]) -> tuple[int, int]:
    """The log's running checksum over more bytes (section 4.2)."""
    order = "<" if log[3] == 0x82 else ">"
    words = struct.unpack(f"{order}{(end - begin) // 4}I", log[begin:end])
    one, two = sums
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two


def _stored(log: bytes, at: int) -> tuple[int, int]:
    one, two = struct.unpack(">2I", log[at : at + 8])
    return one, two
