"""Votes between two answers to one question. They belong to the messages and go with them.

What they may teach is decided elsewhere; here they are only kept.
"""

from __future__ import annotations

import time
from typing import Any

from localai.errors import StoreError
from localai.store import views
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.ids import new_id
from localai.store.messages import fetch
from localai.store.preferred import Kind, Preference, Vote
from localai.store.records import record

_NAMED = """CASE WHEN p.kind = 'styles' OR p.{0} = 'base' THEN p.{0} ELSE ifnull(
    (SELECT ifnull(a.name, 'tuned-' || a.number) FROM adapters a WHERE a.id = p.{0}),
    'a deleted adapter') END"""
_SELECT = f"""SELECT p.id, p.question, p.left_answer, p.right_answer, p.kind,
{_NAMED.format("left_by")}, {_NAMED.format("right_by")}, p.vote, p.blind, p.created
FROM preferences p"""


class Preferences:
    """The part of the store that knows votes."""

    _db: Database

    def add_preference(
        self,
        left: str,
        right: str,
        kind: Kind,
        by: tuple[str, str],
        vote: Vote,
        *,
        blind: bool = False,
    ) -> Preference:
        """Record a vote between two answers (ids) to the same question. `by` are the styles, or
        the ids of the adapters ("base" for the bare model), that gave them.

        Raises StoreError when they are not two finished answers to one question.
        """
        with self._db.write() as db:
            one, other = fetch(db, left), fetch(db, right)
            answers = all(
                each.message.role == "assistant" and each.status != "streaming"
                for each in (one, other)
            )
            question = _question(db, left)
            if not answers or left == right or not question or question != _question(db, right):
                raise StoreError(
                    "Only two finished answers to the same question can be compared; choose others."
                )
            id_ = new_id()
            db.execute(
                "INSERT INTO preferences (id, question, left_answer, right_answer, kind, left_by, "
                "right_by, vote, blind, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (id_, question, left, right, kind, *by, vote, int(blind), time.time()),
            )
            return _read(db.execute(f"{_SELECT} WHERE p.id = ?", (id_,)).fetchone())

    def preferences(self) -> tuple[Preference, ...]:
        """All votes, the oldest first."""
        with self._db.read() as db:
            rows = db.execute(f"{_SELECT} ORDER BY p.number").fetchall()
        return tuple(map(_read, rows))


def _question(db: sqlite.Connection, answer: str) -> str:
    """The id of the last question on the way to an answer, which may have come by calls."""
    row = db.execute(views.asked("?1", "id"), (answer,)).fetchone()
    return row[0] if row else ""


def _read(row: tuple[Any, ...]) -> Preference:
    *values, blind, created = row
    return record(Preference, (*values, bool(blind), created))
