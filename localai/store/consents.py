"""Standing decisions of the user about tools: allowed in one conversation or always, or never.

What counts as the same tool is its code's hash; what needs a decision is decided elsewhere.
"""

from __future__ import annotations

import time

import msgspec

from localai.store.connection import Database
from localai.store.records import record


class ToolConsent(msgspec.Struct, frozen=True):
    """A decision on `tool`; `conversation` is "" for all, `allowed` False for never.

    It was made for the code with the hash `code`, at `created` (Unix seconds).
    """

    tool: str
    conversation: str
    code: str
    allowed: bool
    created: float


class Consents:
    """The part of the store that knows what tools may do."""

    _db: Database

    def decide(self, tool: str, code: str, *, allowed: bool, conversation: str = "") -> None:
        """Record a decision, in the place of an earlier one for the same conversation(s)."""
        with self._db.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO consents (tool, conversation, code, allowed, created) "
                "VALUES (?, ?, ?, ?, ?)",
                (tool, conversation, code, allowed, time.time()),
            )

    def decision(self, tool: str, code: str, conversation: str) -> bool | None:
        """Whether a tool may act in a conversation, None where the user has to be asked.

        Never holds for any code; an allowance only for the code it was given to.
        """
        with self._db.read() as db:
            rows: list[tuple[str, bool]] = db.execute(
                "SELECT code, allowed FROM consents WHERE tool = ? AND conversation IN ('', ?)",
                (tool, conversation),
            ).fetchall()
        if any(not allowed for _, allowed in rows):
            return False
        return True if any(given == code for given, _ in rows) else None

    def forget_decisions(self, tool: str) -> int:
        """Ask again from now on; how many decisions there were."""
        with self._db.write() as db:
            return db.execute("DELETE FROM consents WHERE tool = ?", (tool,)).rowcount

    def decisions(self) -> tuple[ToolConsent, ...]:
        """All standing decisions, by tool."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT tool, conversation, code, allowed, created FROM consents "
                "ORDER BY tool, conversation"
            ).fetchall()
        return tuple(record(ToolConsent, (*row[:3], bool(row[3]), row[4])) for row in rows)
