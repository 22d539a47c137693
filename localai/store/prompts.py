"""The exact prompt of each answer, without storing a conversation over again at every turn.

A prompt usually begins with the whole prompt of the answer before it; only what is new is
stored, with how many ids to take from there. Every few turns a whole one is stored, so
that reading never follows a long chain.
"""

from __future__ import annotations

from localai.store.columns import pack, unpack
from localai.store.driver import sqlite
from localai.store.faults import UnreadableRow

MOST_LINKS = 16
_ID_BYTES = 4
DROP_UNREADABLE = f"""DELETE FROM prompts WHERE message NOT IN (
    WITH RECURSIVE whole (message, links, ids) AS (
        SELECT message, links, length(tail) / {_ID_BYTES} FROM prompts
        WHERE base IS NULL AND links = 0 AND keep = 0 AND length(tail) % {_ID_BYTES} = 0
        UNION ALL SELECT p.message, p.links, p.keep + length(p.tail) / {_ID_BYTES}
        FROM whole w JOIN prompts p ON p.base = w.message AND p.links = w.links + 1
        WHERE p.keep BETWEEN 0 AND w.ids AND length(p.tail) % {_ID_BYTES} = 0
    ) SELECT message FROM whole)"""
"""Removes the prompts that lean on what is not there, or is shorter than they say."""


def save(db: sqlite.Connection, message: str, parent: str, prompt: tuple[int, ...]) -> None:
    """Store the prompt ids of the answer `message` whose parent is `parent` ("" for none)."""
    if not prompt:
        return
    whole = pack(prompt)
    base, links, before = _base(db, parent)
    keep = _common(before, whole)
    if not keep:
        base, links = None, 0
    db.execute(
        "INSERT INTO prompts (message, base, keep, links, tail) VALUES (?, ?, ?, ?, ?)",
        (message, base, keep // _ID_BYTES, links, whole[keep:]),
    )


def load(db: sqlite.Connection, message: str) -> tuple[int, ...]:
    """The prompt ids of an answer; empty when none were recorded."""
    return unpack(_read(db, message))


def _read(db: sqlite.Connection, message: str) -> bytes:
    """The prompt's bytes, put together along its chain of bases."""
    rows = db.execute(
        """WITH RECURSIVE chain (message, base, keep, links, tail) AS (
            SELECT message, base, keep, links, tail FROM prompts WHERE message = ?
            UNION ALL
            SELECT p.message, p.base, p.keep, p.links, p.tail
            FROM prompts p JOIN chain c ON p.message = c.base AND p.links = c.links - 1
        ) SELECT base, keep, tail FROM chain ORDER BY links""",
        (message,),
    ).fetchall()
    if rows and rows[0][0] is not None:
        raise UnreadableRow(f"the prompt of message {message!r} is incomplete")
    whole = b""
    for _, keep, tail in rows:
        if keep * _ID_BYTES > len(whole):
            raise UnreadableRow(f"the prompt of message {message!r} is incomplete")
        whole = whole[: keep * _ID_BYTES] + tail
    return whole


def _base(db: sqlite.Connection, parent: str) -> tuple[str | None, int, bytes]:
    """The prompt to lean on: that of the answer before the question `parent`.

    Returns its message, the links a prompt that leans on it has, and its bytes.
    """
    row = db.execute(
        """SELECT p.message, p.links + 1 FROM messages q JOIN prompts p ON p.message = q.parent
        WHERE q.id = ? AND p.links + 1 < ?""",
        (parent, MOST_LINKS),
    ).fetchone()
    return (None, 0, b"") if row is None else (row[0], row[1], _read(db, row[0]))


def _common(one: bytes, other: bytes) -> int:
    """Bytes in the longest common prefix, rounded down to whole ids; by bisection."""
    low, high = 0, min(len(one), len(other)) // _ID_BYTES
    while low < high:
        middle = (low + high + 1) // 2
        if one[low * _ID_BYTES : middle * _ID_BYTES] == other[low * _ID_BYTES : middle * _ID_BYTES]:
            low = middle
        else:
            high = middle - 1
    return low * _ID_BYTES
