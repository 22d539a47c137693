"""Takes out of the evaluations what belongs to a scope, inside the running transaction.

Questions may be the user's own (they name what they are made of by its id), a tool may have
quoted the history in an answer, and an adapter that is retired may have said what it learned.
The numbers that a run came to stay.
"""

from __future__ import annotations

import re

import msgspec

from localai.store.driver import sqlite
from localai.store.upkeep.scope import Scope, json, quotes, said

_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


class _Call(msgspec.Struct):
    """What is looked at of a call."""

    result: str = ""


class _Answer(msgspec.Struct):
    """What is looked at of an answer."""

    calls: list[_Call] = []


_answers = msgspec.json.Decoder(list[_Answer])


def remove(db: sqlite.Connection, scope: Scope) -> None:
    """Delete what was asked and answered that belongs to what goes, and all that an adapter
    which goes has answered."""
    db.execute(
        "DELETE FROM eval_items WHERE run IN (SELECT id FROM evals "
        "WHERE adapter IN (SELECT value FROM json_each(?)))",
        (json(adapter.sha256 for adapter in scope.adapters),),
    )
    gone = {*scope.conversations, *scope.messages, *scope.corrections, *scope.examples}
    told = said(db, scope.messages)
    rows = db.execute("SELECT rowid, item, asked, answers FROM eval_items").fetchall()
    going = [
        (row,)
        for row, item, asked, answers in rows
        if not gone.isdisjoint(_ID.findall(f"{item} {asked}")) or _quoted(answers, told)
    ]
    db.executemany("DELETE FROM eval_items WHERE rowid = ?", going)


def _quoted(answers: str, told: str) -> bool:
    """Whether a tool quoted in these answers what was said."""
    return '"result"' in answers and any(
        quotes(call.result, told) for answer in _answers.decode(answers) for call in answer.calls
    )
