"""Cells and records of a database page, read without SQLite.

Format: https://sqlite.org/fileformat2.html, sections 1.6 and 2.1. Whatever makes no sense is
None, never an exception.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from localai.store.upkeep.pages import PAGE, Pages

Value = None | int | float | bytes | str
LEAF, INDEX_LEAF, INDEX_INNER = 0x0D, 0x0A, 0x02
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
_MOST_COLUMNS, _MOST_BYTES = 64, 1_000_000_000


class Cell(NamedTuple):
    """A record with its row number (0 in an index), and the pages that it flows over to."""

    number: int
    values: tuple[Value, ...]
    pages: tuple[int, ...]


def pointers(page: memoryview, first: int) -> list[int] | None:
    """Offsets of a page's cells; None when its header makes no sense. `first` is where the
    header begins: 100 on page 1, else 0."""
    head = 12 if page[first] == INDEX_INNER else 8
    count = int.from_bytes(page[first + 3 : first + 5], "big")
    begin = first + head
    if begin + 2 * count > PAGE:
        return None
    return [int.from_bytes(page[at : at + 2], "big") for at in range(begin, begin + 2 * count, 2)]


def cell(pages: Pages, page: memoryview, kind: int, at: int) -> Cell | None:
    """The cell at an offset of a page of that kind."""
    if kind == INDEX_INNER:
        at += 4
    if not 8 <= at < PAGE - 3:
        return None
    length, at = _varint(page, at)
    number = 0
    if kind == LEAF:
        number, at = _varint(page, at)
    if not 2 <= length <= _MOST_BYTES or at >= PAGE or not 0 <= number < 1 << 62:
        return None
    local = _local(length, PAGE - 35 if kind == LEAF else (PAGE - 12) * 64 // 255 - 23)
    if at + local + (4 if local < length else 0) > PAGE:
        return None
    payload, used = bytes(page[at : at + local]), tuple[int, ...]()
    if local < length:
        if _columns(payload, length) is None:  # before following a chain of pages
            return None
        rest = _overflow(
            pages, int.from_bytes(page[at + local : at + local + 4], "big"), length - local
        )
        if rest is None:
            return None
        payload, used = payload + rest[0], rest[1]
    values = _values(payload)
    return None if values is None else Cell(number, values, used)


def _local(length: int, most: int) -> int:
    """Bytes of a payload that are on the page itself."""
    if length <= most:
        return length
    least = (PAGE - 12) * 32 // 255 - 23
    share = least + (length - least) % (PAGE - 4)
    return share if share <= most else least


def _overflow(pages: Pages, number: int, left: int) -> tuple[bytes, tuple[int, ...]] | None:
    """The rest of a payload, and the pages it is on."""
    parts, used = list[bytes](), list[int]()
    while left > 0:
        page = pages.newest(number)
        if page is None or number in used[-1:]:
            return None
        used.append(number)
        parts.append(bytes(page[4 : 4 + min(left, PAGE - 4)]))
        left -= PAGE - 4
        number = int.from_bytes(page[:4], "big")
    return b"".join(parts), tuple(used)


def _columns(payload: bytes, length: int) -> tuple[int, list[int]] | None:
    """(Where the values begin, their serial types) of a record of that many bytes."""
    size, at = _varint(payload, 0)
    if not 2 <= size <= min(len(payload), 9 * _MOST_COLUMNS):
        return None
    types, total = list[int](), size
    while at < size:
        kind, at = _varint(payload, at)
        if kind in (10, 11) or kind < 0:
            return None
        types.append(kind)
        total += _size(kind)
    return (size, types) if at == size and total == length else None


def _values(payload: bytes) -> tuple[Value, ...] | None:
    found = _columns(payload, len(payload))
    if found is None:
        return None
    at, types = found
    values: list[Value] = []
    for kind in types:
        size = _size(kind)
        values.append(_value(kind, payload[at : at + size]))
        at += size
    return tuple(values)


def _size(kind: int) -> int:
    return _SIZES[kind] if kind < 10 else (kind - 12) // 2


def _value(kind: int, raw: bytes) -> Value:
    if kind == 0:
        return None
    if kind <= 6:
        return int.from_bytes(raw, "big", signed=True)
    if kind == 7:
        number: float = struct.unpack(">d", raw)[0]
        return number
    if kind in (8, 9):
        return kind - 8
    return raw.decode("utf-8", "replace") if kind % 2 else raw


def _varint(data: Sequence[int], at: int) -> tuple[int, int]:
    """A variable-length integer, and where it ends; -1 where the data does."""
    value = 0
    for count in range(9):
        if at + count >= len(data):
            return -1, at + count
        byte = data[at + count]
        if count == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count + 1
    raise AssertionError("a varint has at most nine bytes")
