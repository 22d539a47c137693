"""Conversations from elsewhere, written in bulk and never twice.

A conversation that was imported before gets only what is new in it. What it says is
decided by the reader of its format.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from localai.store import columns
from localai.store.connection import Database
from localai.store.drafts import Draft, Landed, hashes
from localai.store.driver import sqlite, trusted
from localai.store.ids import new_ids
from localai.store.rows import Origin

_INSERT = """INSERT INTO messages (
    id, conversation, parent, depth, role, status, created, learn, writer, error, vocab,
    origin, parts, text, hash
) VALUES (?, ?, ?, ?, ?, 'done', ?, ?, '', '', '', ?, ?, ?, ?)"""
_KNOWN = "SELECT hash, id FROM messages WHERE conversation = ? AND hash IS NOT NULL"
_BY_SOURCE = "SELECT id FROM conversations WHERE source = ?"


class Imports:
    """The part of the store that takes in conversations from elsewhere."""

    _db: Database

    def add_drafts(self, drafts: Iterable[Draft]) -> list[Landed]:
        """Record conversations, all in one transaction; what was imported before stays as it is."""
        with self._db.write() as db:
            return [_add(db, draft) for draft in drafts]

    def preview_drafts(self, drafts: Iterable[Draft], seen: set[bytes]) -> list[Landed]:
        """What `add_drafts` would do. `seen` holds the hashes of earlier calls, and grows."""
        found = []
        with self._db.read() as db:
            for draft in drafts:
                source, path = hashes(draft)
                row = db.execute(_BY_SOURCE, (source,)).fetchone()
                known = {each for each, _ in db.execute(_KNOWN, row)} if row else set()
                new = [each for each in path if each not in known and each not in seen]
                fresh = row is None and source not in seen
                seen.update(new, (source,))
                found.append(Landed(fresh, len(new), len(path) - len(new)))
        return found

    def fold_log(self) -> None:
        """Move what the write-ahead log holds into the database, as far as nobody reads it.

        For writers of very much, so that the log stays small. Waits for nobody.
        """
        if trusted():
            self._db.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _add(db: sqlite.Connection, draft: Draft) -> Landed:
    """Record one conversation inside the running transaction."""
    source, path = hashes(draft)
    row = db.execute(_BY_SOURCE, (source,)).fetchone()
    known: dict[bytes, str] = dict(db.execute(_KNOWN, row).fetchall()) if row else {}
    conversation, *fresh = new_ids(len(path) + 1)
    ids = [known.get(own, new) for own, new in zip(path, fresh, strict=True)] if known else fresh
    leaf = ids[draft.leaf] if ids else None
    if row is None:
        db.execute(
            "INSERT INTO conversations (id, title, system, created, updated, source) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (conversation, draft.title, draft.system, draft.created, draft.updated, source),
        )
    else:
        (conversation,) = row
    added = _insert(db, conversation, draft, ids, path, known)
    if added:
        _go_on(db, conversation, leaf, draft.updated, set(known.values()))
    return Landed(row is None, added, len(path) - added)


def _insert(
    db: sqlite.Connection,
    conversation: str,
    draft: Draft,
    ids: list[str],
    path: list[bytes],
    known: dict[bytes, str],
) -> int:
    """Add the draft's messages that are not known; how many."""
    rows: list[tuple[object, ...]] = []
    depths: list[int] = []
    origins: dict[str, str | None] = {"": None}
    for node, id_, own in zip(draft.nodes, ids, path, strict=True):
        depths.append(depths[node.parent] + 1 if node.parent >= 0 else 1)
        if own in known:
            continue
        if node.model not in origins:
            origins[node.model] = columns.pack_origin(Origin(node.model))
        message = node.message
        parts, text = columns.pack_parts(message.parts)
        parent = ids[node.parent] if node.parent >= 0 else None
        placed = (id_, conversation, parent, depths[-1], message.role, node.created, message.learn)
        rows.append((*placed, origins[node.model], parts, text, own))
    db.executemany(_INSERT, rows)
    return len(rows)


def _go_on(
    db: sqlite.Connection, conversation: str, leaf: str | None, updated: float, known: set[str]
) -> None:
    """Go on from what is new, unless the conversation was gone on with here."""
    # Not before the leaf is there: as long as a reference leads nowhere, each message that is
    # added costs a look at all conversations.
    present = msgspec.json.encode(sorted(known)).decode()
    db.execute(
        "UPDATE conversations SET leaf = ?, updated = max(updated, ?) WHERE id = ? "
        "AND (leaf IS NULL OR leaf IN (SELECT value FROM json_each(?)))",
        (leaf, updated, conversation, present),
    )
