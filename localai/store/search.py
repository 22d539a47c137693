"""Full-text search over what was said: as a user types, and for a question asked later.

A search as a user types must be quick whatever is typed: the newest matches are gathered,
and only those are read and ranked. What common words have in common with a text is not
worth ranking a whole history by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from localai.conversation import Role
from localai.store import excerpt, filters, match, query
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.query import Query
from localai.store.rows import Hit

RANKED = 250
"""So many of the newest matches are ranked; an older one is found by one more word."""
PREFIX = 3
"""Beginnings of up to so many letters have an index of their own."""

_Row = tuple[str, str, str, Role, float, str]
_COLUMNS = "c.id, c.title, m.id, m.role, m.created"
_FROM = """FROM message_text JOIN messages m ON m.number = message_text.rowid
    JOIN conversations c ON c.id = m.conversation
    WHERE message_text MATCH ? AND c.deleted IS NULL"""
# CROSS JOIN holds the order: the index gives the newest first and stops at the limit.
_WORDS = f"""SELECT {_COLUMNS}, m.text FROM message_text CROSS JOIN messages m
    ON m.number = message_text.rowid CROSS JOIN conversations c ON c.id = m.conversation
    WHERE message_text MATCH ? AND c.deleted IS NULL"""
_NO_WORDS = f"""SELECT {_COLUMNS}, m.text FROM messages m JOIN conversations c
    ON c.id = m.conversation WHERE c.deleted IS NULL AND m.status <> 'streaming'"""
_STRETCH = " AND {0} BETWEEN ? AND ? ORDER BY {0} DESC LIMIT ?"
_NONE_OF = """ AND NOT EXISTS (SELECT 1 FROM message_text
    WHERE message_text MATCH ? AND rowid = m.number)"""


class Search:
    """The part of the store that finds messages by their words."""

    _db: Database

    def search(self, typed: str, limit: int = 50) -> tuple[Hit, ...]:
        """Messages with all that is typed, best match first, at most `limit`.

        `typed` may hold words (the last one unfinished), "exact phrases", -unwanted words and
        filters (see `query`). Deleted conversations are left out. Of more than RANKED matches
        the newest are ranked; without words the newest come first. Raises QueryError for a
        filter that is none.
        """
        asked = query.parse(typed)
        if not asked.wanted and not asked.filters:
            return ()
        with self._db.read() as db:
            rows = _candidates(db, asked, max(limit, RANKED) if asked.wanted else limit)
        return _ranked(asked, rows, limit)

    def interrupt(self) -> None:
        """Break off what another thread is reading; it gets a StoreError."""
        self._db.connection.interrupt()

    def recall(self, query: str, limit: int, leave_out: str = "") -> tuple[Hit, ...]:
        """What the user or the assistant said about `query`, best match first, whole.

        Messages with all of its words come before those with some. Those of deleted
        conversations and of the conversation `leave_out` are not given.
        """
        found: dict[str, Hit] = {}
        with self._db.read() as db:
            for question in match.questions(query):
                # FTS5's own marks would take minutes in a text with very many matches.
                rows = db.execute(
                    f"""SELECT {_COLUMNS}, m.text {_FROM}
                    AND c.id <> ? AND m.role IN ('user', 'assistant')
                    ORDER BY message_text.rank LIMIT ?""",
                    (question, leave_out, limit),
                )
                for row in rows:
                    if row[2] not in found and len(found) < limit:
                        found[row[2]] = _hit(row, match.marked(query, row[-1]))
        return tuple(found.values())


def _candidates(db: sqlite.Connection, asked: Query, limit: int) -> list[_Row]:
    """The newest matches, their whole texts last."""
    # With the plus the index is not asked for one number after another.
    number = "+message_text.rowid" if asked.wanted else "m.number"
    conditions, values = filters.conditions(db, asked.filters, number)
    stretches = filters.stretches(db, asked.filters)
    if not asked.wanted:
        none_of, words = (_NONE_OF, (asked.fts_unwanted,)) if asked.unwanted else ("", ())
        sql = f"{_NO_WORDS}{conditions}{none_of}{_STRETCH.format('m.number')}"
        return _newest(db, sql, (*values, *words), stretches, limit)
    sql = f"{_WORDS}{conditions}{_STRETCH.format('message_text.rowid')}"
    # All that begins with four letters or more has to be put together first. Where the last
    # word is there as it stands, and often, that is not worth the time.
    last = asked.wanted[-1]
    if last.begun and len(last.text) > PREFIX:
        rows = _newest(db, sql, (asked.finished.fts, *values), stretches, limit)
        if len(rows) == limit:
            return rows
    return _newest(db, sql, (asked.fts, *values), stretches, limit)


def _newest(
    db: sqlite.Connection,
    sql: str,
    values: Sequence[str | float],
    stretches: Iterable[filters.Stretch],
    limit: int,
) -> list[_Row]:
    """Rows of one stretch of numbers after the other, at most `limit`."""
    rows: list[_Row] = []
    for stretch in stretches:
        rows += db.execute(sql, (*values, *stretch, limit - len(rows)))
        if len(rows) == limit:
            break
    return rows


def _ranked(asked: Query, rows: list[_Row], limit: int) -> tuple[Hit, ...]:
    """The best matches, the best first, the newest first among equals."""
    finder = excerpt.Finder(asked.wanted)
    texts = [excerpt.composed(row[-1]) for row in rows]
    spans = [finder.spans(text) for text in texts]
    usual = max(1.0, sum(map(len, texts)) / max(1, len(texts)))
    scores = [finder.score(spans[i], len(texts[i]), usual) for i in range(len(rows))]
    best = sorted(range(len(rows)), key=lambda i: -scores[i])[:limit]
    return tuple(_hit(rows[i], excerpt.pieces(texts[i], spans[i])) for i in best)


def _hit(row: _Row, pieces: tuple[tuple[str, bool], ...]) -> Hit:
    conversation, title, message, role, created, _ = row
    return Hit(conversation, title, message, role, created, pieces)
