"""Rows out of the pages of a damaged database, whatever else of it can still be read.

Each page is looked at for itself; which table a row is of shows in the number and the types
of its columns. Rows come the likelier state first: where two have the same identity, the
later one is to be ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from localai.store.driver import sqlite
from localai.store.upkeep.pages import PAGE, Pages
from localai.store.upkeep.records_raw import (
    INDEX_INNER,
    INDEX_LEAF,
    LEAF,
    Cell,
    Value,
    cell,
    pointers,
)

# Kinds: of rowid tables, and of the one table that has no row numbers.
TABLES = (
    *("conversations", "messages", "prompts", "corrections", "examples"),
    *("runs", "adapters", "activations"),
)
KEYED = ("metrics",)
_TYPES: dict[str, tuple[type, ...]] = {
    "TEXT": (str,),
    "INTEGER": (int,),
    "REAL": (float, int),
    "BLOB": (bytes,),
}
_ID = re.compile(r"[0-9A-Z]{1,26}")
_REFERENCES = ("id", "conversation", "parent", "leaf", "message", "rejected", "chosen", "run")

Row = dict[str, Value]


class Column:
    """A column of a table: whether a value can be in it."""

    def __init__(self, name: str, kind: str, needed: bool, default: str | None) -> None:
        self.name = name
        self.optional = not needed or default is not None
        self._types, self._needed = _TYPES[kind], needed
        self._number = name == "number"
        self._id = name in _REFERENCES

    def takes(self, value: Value) -> bool:
        """True when localai can have written it."""
        if self._number:  # it is the row's number, stored apart
            return value is None
        if value is None:
            return not self._needed
        if self._id and not (isinstance(value, str) and _ID.fullmatch(value)):
            return False
        return isinstance(value, self._types)


class Shapes:
    """The tables that rows are sorted into, as a database of the present schema has them."""

    def __init__(self, db: sqlite.Connection) -> None:
        self._tables = {
            table: [
                Column(name, kind, bool(needed), default)
                for _, name, kind, needed, default, _ in db.execute(
                    "SELECT * FROM pragma_table_info(?)", (table,)
                )
            ]
            for table in (*TABLES, *KEYED)
        }

    def sort(self, found: Cell, keyed: bool) -> tuple[str, Row] | None:
        """The table of a record and its row by column; None when it is of none."""
        for table in KEYED if keyed else TABLES:
            columns = self._tables[table]
            values = found.values
            if len(values) > len(columns) or not all(
                column.optional for column in columns[len(values) :]
            ):
                continue
            if all(map(Column.takes, columns, values)):
                row = {column.name: value for column, value in zip(columns, values, strict=False)}
                if "number" in row:
                    row["number"] = found.number
                return table, row
        return None


def rows(pages: Pages, shapes: Shapes) -> Iterator[tuple[str, Row]]:
    """(Table, row) of everything that can be read.

    First of sound pages, then piecemeal of the others, then of their older versions.
    """
    claimed: set[int] = set()
    broken: list[int] = []
    for number in range(1, pages.last + 1):
        page = pages.newest(number)
        if page is None:
            continue
        whole = True
        for found, keyed in _cells(pages, page, number):
            if found is None:
                whole = False
                continue
            claimed.update(found.pages)
            if sorted_ := shapes.sort(found, keyed):
                yield sorted_
        if not whole:
            broken.append(number)
    for number in broken:
        if number not in claimed:
            newest, *older = pages.versions(number)
            for page in (newest, *older):
                yield from _anywhere(pages, page, shapes)


def _cells(pages: Pages, page: memoryview, number: int) -> Iterator[tuple[Cell | None, bool]]:
    """The cells that a page lists, with whether it is an index's; None for a broken one."""
    first = 100 if number == 1 else 0
    kind = page[first]
    if kind == 0x05:  # it holds page numbers alone
        return
    if kind not in (LEAF, INDEX_LEAF, INDEX_INNER):
        if any(page):
            yield None, False
        return
    places = pointers(page, first)
    if places is None:
        yield None, False
        return
    for at in places:
        yield cell(pages, page, kind, at), kind != LEAF


def _anywhere(pages: Pages, page: memoryview, shapes: Shapes) -> Iterator[tuple[str, Row]]:
    """The rows that begin anywhere on a page."""
    for at in range(8, PAGE - 8):
        for kind in (LEAF, INDEX_LEAF):
            found = cell(pages, page, kind, at)
            if found and (sorted_ := shapes.sort(found, keyed=kind != LEAF)):
                yield sorted_
