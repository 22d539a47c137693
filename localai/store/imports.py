"""Conversations from elsewhere, written in bulk and never twice.

A conversation that was imported before gets only what is new in it. What it says is
decided by the reader of its format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from localai.store import columns
from localai.store.bulk import insert_many
from localai.store.connection import Database
from localai.store.drafts import Draft, Landed, hashes, last_answer
from localai.store.driver import sqlite, trusted
from localai.store.ids import new_ids
from localai.store.rows import Origin

CACHE = 16_384
"""Kilobytes of pages that a connection holds once it has imported something: with SQLite's
2,000 a million messages are read and written several times."""

_CONVERSATIONS = "conversations (id, title, system, created, updated, source)"
_MESSAGES = """messages (
    id, conversation, parent, depth, role, status, created, learn, writer, error, vocab,
    origin, parts, text, hash
)"""
_KNOWN = "SELECT hash, id FROM messages WHERE conversation = ? AND hash IS NOT NULL"
_BY_SOURCE = "SELECT id FROM conversations WHERE source = ?"
_GO_ON = """UPDATE conversations SET leaf = ?, updated = max(updated, ?)
    WHERE id = ? AND (leaf IS NULL OR leaf IN (SELECT value FROM json_each(?)))"""


class Imports:
    """The part of the store that takes in conversations from elsewhere."""

    _db: Database

    def add_drafts(self, drafts: Iterable[Draft]) -> list[Landed]:
        """Record conversations, all in one transaction; what was imported before stays as it is."""
        several = list(drafts)
        # One after the other in their order, so that each index grows at its end.
        ids = iter(sorted(new_ids(sum(len(draft.nodes) + 1 for draft in several))))
        with self._db.write() as db:
            db.execute(f"PRAGMA cache_size = -{CACHE}")
            batch = _Batch(db, ids)
            found = [batch.add(draft) for draft in several]
            batch.write()
            return found

    def preview_drafts(self, drafts: Iterable[Draft], seen: set[bytes]) -> list[Landed]:
        """What `add_drafts` would do. `seen` holds the hashes of earlier calls, and grows."""
        found = []
        with self._db.read() as db:
            for draft in drafts:
                source, path = hashes(draft)
                row = db.execute(_BY_SOURCE, (source,)).fetchone()
                known = dict(db.execute(_KNOWN, row).fetchall()) if row else {}
                new = [each for each in path if each not in known and each not in seen]
                fresh = row is None and source not in seen
                seen.update(new, (source,))
                at = last_answer(draft)
                leaf = known.get(path[at], path[at].hex()) if at >= 0 else ""
                found.append(Landed(fresh, len(new), len(path) - len(new), leaf=leaf))
        return found

    def fold_log(self) -> None:
        """Move what the write-ahead log holds into the database, as far as nobody reads it.

        For writers of very much, so that the log stays small. Waits for nobody.
        """
        if trusted():
            self._db.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


class _Place(msgspec.Struct):
    """A conversation that drafts go into; `known` are its messages by their hashes."""

    id: str
    known: dict[bytes, str]


class _Batch:
    """What one transaction adds, gathered before it is written."""

    def __init__(self, db: sqlite.Connection, ids: Iterator[str]) -> None:
        self._db, self._ids = db, ids
        self._places: dict[bytes, _Place] = {}
        self._origins: dict[str, str | None] = {"": None}
        self._conversations: list[tuple[object, ...]] = []
        self._messages: list[tuple[object, ...]] = []
        self._leaves: list[tuple[object, ...]] = []

    def add(self, draft: Draft) -> Landed:
        """Gather one conversation."""
        source, path = hashes(draft)
        own, *fresh = islice(self._ids, len(path) + 1)
        place = self._places.get(source) or self._existing(source)
        new = place is None
        if place is None:
            place = self._places[source] = _Place(own, {})
            self._conversations.append(
                (own, draft.title, draft.system, draft.created, draft.updated, source)
            )
        known = msgspec.json.encode(list(place.known.values())).decode()
        ids = [place.known.get(one, id_) for one, id_ in zip(path, fresh, strict=True)]
        added = self._gather(place, draft, ids, path)
        if added:
            self._leaves.append((ids[draft.leaf], draft.updated, place.id, known))
        return Landed(new, added, len(path) - added, leaf=ids[draft.leaf])

    def write(self) -> None:
        """Write what was gathered."""
        insert_many(self._db, _CONVERSATIONS, self._conversations)
        insert_many(self._db, _MESSAGES, self._messages)
        # Not before the messages are there: as long as a reference leads nowhere, each that
        # is added costs a look at all conversations. One that was gone on with here stays.
        self._db.executemany(_GO_ON, self._leaves)

    def _existing(self, source: bytes) -> _Place | None:
        """The conversation of an earlier import."""
        row = self._db.execute(_BY_SOURCE, (source,)).fetchone()
        if row is None:
            return None
        place = _Place(row[0], dict(self._db.execute(_KNOWN, row).fetchall()))
        self._places[source] = place
        return place

    def _gather(self, place: _Place, draft: Draft, ids: list[str], path: list[bytes]) -> int:
        """Gather the draft's messages that are not known; how many."""
        depths: list[int] = []
        before = len(self._messages)
        for node, id_, own in zip(draft.nodes, ids, path, strict=True):
            above = node.parent
            depths.append(depths[above] + 1 if above >= 0 else 1)
            if own in place.known:
                continue
            place.known[own] = id_
            said = node.message
            parts, text = columns.pack_parts(said.parts)
            parent = ids[above] if above >= 0 else None
            origin = self._origin(node.model)
            where = (id_, place.id, parent, depths[-1], said.role)
            state = ("done", node.created, said.learn, "", "", "")
            self._messages.append((*where, *state, origin, parts, text, own))
        return len(self._messages) - before

    def _origin(self, model: str) -> str | None:
        """The column for messages of this model."""
        if model not in self._origins:
            self._origins[model] = columns.pack_origin(Origin(model))
        return self._origins[model]
