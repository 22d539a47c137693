"""Full-text search over what was said: as a user types, and for a question asked later."""

from __future__ import annotations

from localai.conversation import Role
from localai.store import match
from localai.store.connection import Database
from localai.store.rows import Hit

_WORDS_AROUND = 16

_Row = tuple[str, str, str, Role, float, str]
_COLUMNS = "c.id, c.title, m.id, m.role, m.created"
_FROM = """FROM message_text JOIN messages m ON m.number = message_text.rowid
    JOIN conversations c ON c.id = m.conversation
    WHERE message_text MATCH ? AND c.deleted IS NULL"""


class Search:
    """The part of the store that finds messages by their words."""

    _db: Database

    def search(self, query: str, limit: int = 50) -> tuple[Hit, ...]:
        """Messages with all the words of `query`, best match first, at most `limit`.

        The last word may be unfinished. Deleted conversations are left out.
        """
        if not query.strip():
            return ()
        with self._db.read() as db:
            rows = db.execute(
                f"""SELECT {_COLUMNS}, snippet(message_text, 0, ?, ?, '…', ?) {_FROM}
                ORDER BY message_text.rank LIMIT ?""",
                (match.OPEN, match.CLOSE, _WORDS_AROUND, match.words(query), limit),
            )
            return tuple(_hit(row, match.pieces(row[-1])) for row in rows)

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


def _hit(row: _Row, pieces: tuple[tuple[str, bool], ...]) -> Hit:
    conversation, title, message, role, created, _ = row
    return Hit(conversation, title, message, role, created, pieces)
