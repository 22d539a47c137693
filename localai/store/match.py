"""What somebody typed, as a full-text query, and the marks around what matched.

Each word is quoted, so nothing that is typed is syntax.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

MOST = 64
MOST_MARKS = 1_000
STEM = 4
"""A word of so many letters or more also stands for longer ones that begin with it."""

# Around a match; no text that a person reads holds them.
OPEN, CLOSE = "\x02", "\x03"

CONVERSATIONS = """
    SELECT rowid FROM conversation_title WHERE conversation_title MATCH ?
    UNION
    SELECT o.number FROM message_text t JOIN messages m ON m.number = t.rowid
    JOIN conversations o ON o.id = m.conversation WHERE t.message_text MATCH ?
"""


def words(query: str) -> str:
    """An FTS5 query for texts with all the words, the last one perhaps unfinished.

    Words after the first MOST are left out, as FTS5 parses no more than some hundreds.
    """
    quoted = _quoted(query)
    return " ".join(quoted) + "*" if quoted else '""'


def questions(query: str) -> tuple[str, ...]:
    """FTS5 queries for what nobody is typing any more: texts with all of the words, then
    texts with any of them, to be ranked. "train" also finds "trains"."""
    begun = [
        word + "*" if len(word) >= STEM + 2 else word for word in dict.fromkeys(_quoted(query))
    ]
    return (" ".join(begun), " OR ".join(begun))[: len(begun)]


def pieces(marked: str) -> tuple[tuple[str, bool], ...]:
    """Split at the marks: (text, is a match), without empty pieces."""
    found: list[tuple[str, bool]] = []
    for number, part in enumerate(marked.split(OPEN)):
        matched, _, after = part.rpartition(CLOSE) if number else ("", "", part)
        found += [(matched, True), (after, False)]
    return tuple((text, matched) for text, matched in found if text)


def marked(query: str, text: str) -> tuple[tuple[str, bool], ...]:
    """A text in pieces, (text, True where a word of `questions(query)` is), as FTS5 would
    tell words apart or nearly; at most MOST_MARKS are marked."""
    folds = Folds()
    asked = dict.fromkeys(re.findall(r"\w+", query.translate(folds))[:MOST])
    if not asked:
        return ((text, False),)
    words = (re.escape(word) + (r"\w*" if len(word) >= STEM else "") for word in asked)
    pattern = re.compile(rf"\b(?:{'|'.join(words)})\b")
    found: list[tuple[str, bool]] = []
    at = 0
    for each in islice(pattern.finditer(text.translate(folds)), MOST_MARKS):
        found += [(text[at : each.start()], False), (text[each.start() : each.end()], True)]
        at = each.end()
    return tuple((piece, hit) for piece, hit in [*found, (text[at:], False)] if piece)


class Folds(dict[int, str]):
    """Code point -> one letter in lower case, without an accent."""

    def __missing__(self, code: int) -> str:
        self[code] = unicodedata.normalize("NFKD", chr(code))[0].lower()[0]
        return self[code]


def _quoted(query: str) -> list[str]:
    """The first MOST words, each in double quotes."""
    typed = query.replace("\0", " ").split()[:MOST]
    return ['"' + word.replace('"', '""') + '"' for word in typed]
