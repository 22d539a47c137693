"""What a user typed in a search box, as a full-text query."""

from __future__ import annotations

MOST = 64

CONVERSATIONS = """
    SELECT rowid FROM conversation_title WHERE conversation_title MATCH ?
    UNION
    SELECT o.number FROM message_text t JOIN messages m ON m.number = t.rowid
    JOIN conversations o ON o.id = m.conversation WHERE t.message_text MATCH ?
"""


def words(query: str) -> str:
    """An FTS5 query for texts with all the words, the last one perhaps unfinished.

    Each is quoted, so nothing that is typed is syntax. Words after the first MOST are
    left out, as FTS5 parses no more than some hundreds.
    """
    typed = query.replace("\0", " ").split()[:MOST]
    quoted = ['"' + word.replace('"', '""') + '"' for word in typed]
    return " ".join(quoted) + "*" if quoted else '""'
