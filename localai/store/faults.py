"""SQLite's error codes in plain words: what went wrong with the database and what to do.

Mistakes of our own (wrong SQL, a closed connection) are not translated: they should show.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from localai.errors import StoreDamaged, StoreError
from localai.store.driver import sqlite

# Primary result codes, https://sqlite.org/rescode.html
_CODES = {
    3: "no_permission",
    5: "busy",
    6: "busy",
    7: "no_memory",
    8: "no_permission",
    10: "io",
    11: "damaged",
    13: "full",
    14: "cannot_open",
    15: "busy",
    18: "too_big",
    23: "no_permission",
    26: "damaged",
}
_SENTENCES = {
    "no_permission": "The {what} in {where} cannot be written; "
    "check who owns the file and its folder, or point LOCALAI_HOME at another folder.",
    "busy": "Another program has kept the {what} in {where} locked for too long; "
    "close it and try again.",
    "no_memory": "There is not enough memory to work with the {what} in {where}; "
    "close other programs and try again.",
    "io": "The disk refused to read or write the {what} in {where} ({why}); "
    "check that it has free space and is still connected, then try again.",
    "full": "The disk that holds the {what} in {where} is full; "
    "free some space and try again: everything saved so far is safe.",
    "cannot_open": "The {what} in {where} cannot be opened; check that its folder exists "
    "and can be written, or point LOCALAI_HOME at another folder.",
    "too_big": "The message is too large to be saved in {where}; shorten it.",
}


@contextmanager
def plain_words(where: str, what: str = "history") -> Iterator[None]:
    """Turn SQLite's errors inside the block into StoreError or StoreDamaged."""
    try:
        yield
    except (sqlite.ProgrammingError, sqlite.InterfaceError):
        raise
    except sqlite.Error as error:
        raise _translate(error, where, what) from error
    except MemoryError as error:
        raise StoreError(_SENTENCES["no_memory"].format(where=where, what=what)) from error
    except UnicodeEncodeError as error:
        raise StoreError(
            "The text holds bytes that are no characters and cannot be saved; "
            "remove them or convert it to UTF-8."
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, UnreadableRow) as error:
        raise damaged(where, str(error), what) from error


class UnreadableRow(Exception):
    """A row holds something that no localai has written."""


def damaged(where: str, why: str, what: str = "history") -> StoreDamaged:
    """The error for a database with broken content."""
    return StoreDamaged(
        f"The {what} in {where} is damaged ({why}); it was left as it is. "
        "Run `localai doctor --repair`, or restore a backup (localai backup --list)."
    )


def passing(error: sqlite.Error) -> bool:
    """Whether an error comes from around the database (a lock, the disk, memory, permissions)
    and says nothing about what is in it."""
    code: int = getattr(error, "sqlite_errorcode", None) or 0
    return _CODES.get(code & 0xFF, "damaged") != "damaged"


def _translate(error: sqlite.Error, where: str, what: str) -> StoreError:
    """The error's plain form. Errors without a code come from undecodable text."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    kind = "damaged" if code is None else _CODES.get(code & 0xFF, "")
    if kind == "damaged":
        return damaged(where, str(error), what)
    if not kind:
        return StoreError(
            f"The {what} in {where} cannot be used ({error}); run `localai doctor` to check it."
        )
    return StoreError(_SENTENCES[kind].format(where=where, what=what, why=error))
