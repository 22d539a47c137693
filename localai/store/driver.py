"""Which SQLite library is used, and whether it is one to trust.

`pysqlite3` bundles a current SQLite; the library that comes with Python is the fall-back
where there is no wheel. Versions before 3.51.3 can lose commits when a write-ahead log is
reset while another process checkpoints, so `trusted` is shown by `localai doctor`.
sqlite-utils makes the same choice by itself; it is imported only where it is used,
because that costs more time than `localai history list` may take in all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3 as sqlite
else:
    try:
        sqlite = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        import sqlite3 as sqlite

WAL_RESET_FIXED = (3, 51, 3)


def library() -> str:
    """The module in use: `pysqlite3` or `sqlite3`."""
    return sqlite.Connection.__module__.partition(".")[0]


def trusted() -> bool:
    """True when the library has the fix for the write-ahead log reset."""
    return sqlite.sqlite_version_info >= WAL_RESET_FIXED


__all__ = ["library", "sqlite", "trusted"]
