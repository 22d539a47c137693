"""Full-text search over what was said, as you type."""

from __future__ import annotations

from localai.conversation import Role
from localai.store import match
from localai.store.connection import Database
from localai.store.rows import Hit

# Around a match inside a snippet; no text that a person reads holds them.
_OPEN, _CLOSE = "\x02", "\x03"
_WORDS_AROUND = 16


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
            rows: list[tuple[str, str, str, Role, float, str]] = db.execute(
                """SELECT c.id, c.title, m.id, m.role, m.created,
                    snippet(message_text, 0, ?, ?, '…', ?)
                FROM message_text JOIN messages m ON m.number = message_text.rowid
                JOIN conversations c ON c.id = m.conversation
                WHERE message_text MATCH ? AND c.deleted IS NULL
                ORDER BY message_text.rank LIMIT ?""",
                (_OPEN, _CLOSE, _WORDS_AROUND, match.words(query), limit),
            ).fetchall()
        return tuple(
            Hit(conversation, title, message, role, created, _pieces(snippet))
            for conversation, title, message, role, created, snippet in rows
        )


def _pieces(snippet: str) -> tuple[tuple[str, bool], ...]:
    """Split at the marks: (text, is a match), without empty pieces."""
    pieces: list[tuple[str, bool]] = []
    for number, part in enumerate(snippet.split(_OPEN)):
        matched, _, after = part.rpartition(_CLOSE) if number else ("", "", part)
        pieces += [(matched, True), (after, False)]
    return tuple((text, matched) for text, matched in pieces if text)
